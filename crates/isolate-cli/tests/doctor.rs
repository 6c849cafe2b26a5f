//! `isolatectl doctor`: its table, its JSON and its status, here and where user namespaces are switched off.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use libisolate::doctor::{Area, Diagnosis};

const ISOLATECTL: &str = env!("CARGO_BIN_EXE_isolatectl");

fn doctor(words: &[&str]) -> Output {
    let output = Command::new(ISOLATECTL).arg("doctor").args(words).output();
    output.expect("the command")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// In a user namespace of its own, where that switch is its own too.
fn switched_off(words: &[&str]) -> Output {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"";
    Command::new("unshare")
        .args(["-r", "sh", "-c", script, "sh", ISOLATECTL, "doctor"])
        .args(words)
        .output()
        .expect("the command")
}

#[test]
fn a_default_job_runs_here() {
    let output = doctor(&["--json"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let told: Diagnosis = serde_json::from_slice(&output.stdout).expect("a diagnosis");
    assert!(told.ready);

    let output = doctor(&[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let table = text(&output.stdout);
    assert!(table.ends_with("\n\na default job runs here\n"), "{table}");
    // Every check has its line, below the title of its area.
    let mut lines = table.lines();
    for area in Area::ALL {
        assert_eq!(lines.next(), Some(area.name()));
        for check in told.checks.iter().filter(|check| check.area == area) {
            let line = lines.next().unwrap_or_default();
            let words = (
                line.trim_start().split("  ").next(),
                line.contains(&check.name),
            );
            assert_eq!(
                words,
                (Some(check.status.name()), true),
                "{line}: {check:?}"
            );
            assert!(line.ends_with(&check.found), "{line}: {check:?}");
        }
    }
    // Every problem and every remedy is told, and each remedy once.
    for problem in told.problems() {
        let reason = problem.reason.as_deref().expect("a reason");
        let line = format!("  {} {}: {reason}\n", problem.area.name(), problem.name);
        assert!(table.contains(&line), "{line}: {table}");
    }
    let remedies: BTreeSet<_> = told.problems().filter_map(|p| p.remedy.as_ref()).collect();
    for remedy in remedies {
        let count = table.matches(&format!("    -> {remedy}\n")).count();
        assert_eq!(count, 1, "{remedy}: {table}");
    }
}

#[test]
fn a_default_job_does_not_run() {
    let output = switched_off(&[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
    let table = text(&output.stdout);
    let needed = "\n  namespaces user (a default job needs it): user namespaces are switched off: \
                  sysctl user.max_user_namespaces is 0\n";
    assert!(table.contains(needed), "{table}");
    let remedy = "\n    -> as root: sysctl -w user.max_user_namespaces=15000, and to keep it the line \
                  user.max_user_namespaces=15000 in /etc/sysctl.d/99-isolate.conf\n";
    assert_eq!(table.matches(remedy).count(), 1, "{table}");
    assert!(
        table.ends_with("\n\na default job does not run here\n"),
        "{table}"
    );

    let output = switched_off(&["--json"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
    let told: Diagnosis = serde_json::from_slice(&output.stdout).expect("a diagnosis");
    assert!(!told.ready);
}

/// What cannot be told has a status of its own.
#[test]
fn nobody_listens() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = Command::new(ISOLATECTL)
        .arg("doctor")
        .stdout(Stdio::from(full))
        .output()
        .expect("the command");
    assert_eq!(output.status.code(), Some(125));
    let told = text(&output.stderr);
    assert!(
        told.starts_with("isolatectl: stdout: ") && told.lines().count() == 1,
        "{told}"
    );
}

#[test]
fn it_takes_no_words() {
    let output = doctor(&["host"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(output.stdout.is_empty());
}
