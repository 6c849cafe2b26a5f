//! How `isolatectl run` ends, and what it says: nothing, or one line.

mod common;

use common::{Scratch, isolatectl, run, told, works};

fn sh(script: &str) -> (Option<i32>, String, String) {
    told(&run(&["--", "/bin/sh", "-c", script]))
}

#[test]
fn the_exit_code_is_the_jobs_and_nothing_else_is_said() {
    if !works(&[]) {
        return;
    }
    for code in [0, 1, 7, 124, 125, 255] {
        let ended = sh(&format!("echo out; echo err >&2; exit {code}"));
        assert_eq!(ended, (Some(code), "out\n".into(), "err\n".into()));
    }
}

#[test]
fn a_signal_is_128_and_its_number() {
    if !works(&[]) {
        return;
    }
    for (signal, number) in [("KILL", 9), ("TERM", 15), ("SEGV", 11), ("USR2", 12)] {
        let ended = sh(&format!("kill -{signal} $$; sleep 60"));
        assert_eq!(
            ended,
            (Some(128 + number), String::new(), String::new()),
            "{signal}"
        );
    }
}

#[test]
fn a_timeout_is_124() {
    if !works(&[]) {
        return;
    }
    let output = run(&[
        "--timeout",
        "300ms",
        "--",
        "/bin/sh",
        "-c",
        "trap '' TERM; sleep 600",
    ]);
    assert_eq!(told(&output), (Some(124), String::new(), String::new()));
}

#[test]
fn stdin_is_the_callers() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("stdin");
    std::fs::write(scratch.0.join("in"), "some\0bytes\n").expect("a file");
    let input = std::fs::File::open(scratch.0.join("in")).expect("a file");
    let output = isolatectl(&["--", "/bin/cat"])
        .stdin(input)
        .output()
        .expect("the command");
    assert_eq!(
        told(&output),
        (Some(0), "some\0bytes\n".into(), String::new())
    );
}

/// A failure has one line, which begins with the command's name.
fn fails(words: &[&str], code: i32, line: &str) {
    let (ended, stdout, stderr) = told(&run(words));
    assert_eq!(
        (ended, stdout.as_str()),
        (Some(code), ""),
        "{words:?}: {stderr}"
    );
    assert!(
        stderr.starts_with(&format!("isolatectl: {line}")),
        "{words:?}: {stderr}"
    );
    assert_eq!(stderr.matches('\n').count(), 1, "{words:?}: {stderr}");
}

#[test]
fn what_cannot_be_set_up_is_125() {
    fails(
        &["--memory", "12Q", "--", "true"],
        125,
        "invalid value '12Q' for '--memory <SIZE>'",
    );
    fails(&["--pids", "-1", "--", "true"], 125, "");
    fails(
        &["--no-such-option", "--", "true"],
        125,
        "unexpected argument '--no-such-option'",
    );
    fails(&[], 125, "spec: argv: ");
    fails(&["--", ""], 125, "spec: argv[0]: ");
    fails(
        &["--spec", "/no/such.json"],
        125,
        "spec: /no/such.json: No such file or directory",
    );
    fails(
        &["--json", "/no/such/file", "--", "true"],
        125,
        "spec: /no/such/file: ",
    );
    fails(&["--env", "novalue", "--", "true"], 125, "spec: --env: ");
    fails(&["--timeout", "0", "--", "true"], 125, "spec: timeout: ");
    fails(&["--keep-fd", "1", "--", "true"], 125, "spec: keep_fds");
    if works(&[]) {
        fails(
            &["--ro", "/no/such/dir", "--", "/bin/true"],
            125,
            "mount: /no/such/dir: ",
        );
        fails(
            &["--cwd", "/no/such/dir", "--", "/bin/true"],
            125,
            "cwd: /no/such/dir: ",
        );
        fails(&["--keep-fd", "77", "--", "/bin/true"], 125, "");
    }
}

#[test]
fn an_unknown_field_of_a_spec_is_named_with_the_alternatives() {
    let scratch = Scratch::new("unknown");
    std::fs::write(
        scratch.0.join("s.json"),
        r#"{"argv": ["true"], "limits": {"memoy": 1}}"#,
    )
    .expect("a file");
    let (code, _, stderr) = told(&run(&["--spec", &scratch.path("s.json")]));
    assert_eq!(code, Some(125));
    assert!(
        stderr.starts_with("isolatectl: spec: limits.memoy: unknown field `memoy`"),
        "{stderr}"
    );
    assert!(stderr.contains("`memory`"), "{stderr}");
}

#[test]
fn a_program_that_cannot_be_executed_is_126_and_none_is_127() {
    if !works(&[]) {
        return;
    }
    fails(
        &["--", "/etc/passwd"],
        126,
        "exec: /etc/passwd: Permission denied",
    );
    fails(&["--", "/usr"], 126, "exec: /usr: ");
    fails(
        &["--", "/no/such/program"],
        127,
        "exec: /no/such/program: No such file or directory",
    );
    fails(&["--", "no-such-program"], 127, "exec: no-such-program: ");
}

#[test]
fn no_command_at_all() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_isolatectl"));
    let (code, stdout, stderr) = told(&command.output().expect("the command"));
    assert_eq!((code, stdout.as_str()), (Some(125), ""));
    assert_eq!(
        stderr,
        "isolatectl: no command is given: run, ns, cgroup, info or doctor; try isolatectl --help\n"
    );
    let (code, stdout, stderr) = told(&command.arg("--version").output().expect("the command"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with("isolatectl "), "{stdout}");
}
