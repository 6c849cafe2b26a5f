//! `isolatectl ns enter`, the joins and kernel parameters of `run`, and numbers in other namespaces.

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use common::{Scratch, Sleeper, inode, is_root, link, ns, ns_prints, run, told, works};

const KINDS: [&str; 8] = ["cgroup", "ipc", "net", "mnt", "pid", "time", "user", "uts"];
const LINKS: &str =
    "for k in cgroup ipc net mnt pid time user uts; do readlink /proc/self/ns/$k; done";

/// What a shell says that was started in these.
#[track_caller]
fn inside(words: &[&str], script: &str) -> String {
    let mut all = vec!["enter"];
    all.extend(words);
    all.extend(["--", "/bin/sh", "-c", script]);
    ns_prints(&all).trim_end().to_owned()
}

#[test]
fn all_of_a_process() {
    if !works(&["--hostname", "there"]) {
        return;
    }
    let job = Sleeper::new(&["--hostname", "there"], "touch /tmp/marker");
    let text = inside(&[&job.pid], LINKS);
    let links: Vec<&str> = text.lines().collect();
    assert_eq!(links.len(), KINDS.len(), "{text}");
    for (kind, seen) in KINDS.iter().zip(links) {
        assert_eq!(seen, job.link(kind));
        assert_ne!(seen, link("self", kind));
    }
    // Root, working directory and /proc follow the mounts, and the process lives among its others.
    let script = "pwd; ls /tmp; cat /proc/sys/kernel/hostname; cat /proc/2/cmdline | tr '\\0' ' '; \
                  echo; test $$ -lt 100 && test -d /proc/$$ && echo seen";
    assert_eq!(
        inside(&[&job.pid], script),
        "/\nmarker\nthere\nsleep 1000 \nseen"
    );
    assert_eq!(inside(&["--cwd", "/tmp", &job.pid], "ls"), "marker");
}

#[test]
fn one_kind_and_nothing_else() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    // With the user namespace, in which an ordinary user gets the right to enter the other.
    let (user, uts) = (format!("user:{}", job.pid), format!("uts:{}", job.pid));
    let path = format!("/proc/{}/ns/uts", job.pid);
    for uts in [uts, format!("uts:{path}"), path, job.link("uts")] {
        let text = inside(&[&user, &uts], LINKS);
        for (kind, seen) in KINDS.iter().zip(text.lines()) {
            let joined = ["user", "uts"].contains(kind);
            let of = if joined { job.pid.as_str() } else { "self" };
            assert_eq!(seen, link(of, kind), "{kind}");
        }
    }
    let here = std::env::current_dir().expect("a directory");
    assert_eq!(inside(&[&user], "pwd"), here.display().to_string());
}

/// The caller's own is where the command is anyway.
#[test]
fn the_own() {
    if !works(&["--profile", "none"]) {
        return;
    }
    let own: Vec<String> = KINDS.iter().map(|kind| format!("{kind}:self")).collect();
    let mut words: Vec<&str> = own.iter().map(String::as_str).collect();
    words.extend(["--env", "A=b c", "--env", "E="]);
    let script = format!("{LINKS}; echo \"$A|${{E-unset}}|${{PATH:+kept}}\"; id -u");
    let text = inside(&words, &script);
    let mut lines = text.lines();
    for kind in KINDS {
        assert_eq!(lines.next(), Some(link("self", kind).as_str()));
    }
    assert_eq!(lines.next(), Some("b c||kept"));
    let own = nix::unistd::geteuid().to_string();
    assert_eq!(lines.next(), Some(own.as_str()));
    let this = std::process::id().to_string();
    assert_eq!(inside(&[&this], "echo in"), "in");
}

#[test]
fn it_ends_as_the_command_does() {
    if !works(&["--profile", "none"]) {
        return;
    }
    let status = |words: &[&str]| {
        let mut all = vec!["enter", "uts:self"];
        all.extend(words);
        ns(&all)
    };
    let ended = |code: i32| (Some(code), String::new(), String::new());
    for (script, code) in [("exit 7", 7), ("kill -USR1 $$; sleep 9", 138)] {
        assert_eq!(status(&["--", "/bin/sh", "-c", script]), ended(code));
    }
    let out_of_time = status(&["--timeout", "200ms", "--", "/bin/sleep", "600"]);
    assert_eq!(out_of_time, ended(124));
    assert_eq!(status(&["--", "/no/such"]).0, Some(127));
    assert_eq!(status(&["--", "/etc/passwd"]).0, Some(126));
    assert_eq!(status(&["--no-init", "--", "/bin/true"]), ended(0));
    let (code, _, stderr) = status(&[]);
    assert_eq!(code, Some(125));
    assert!(stderr.starts_with("isolatectl: spec: argv: "), "{stderr}");
}

#[test]
fn signals_are_passed_on() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let script = "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.05; done";
    let mut child = Command::new(env!("CARGO_BIN_EXE_isolatectl"))
        .args(["ns", "enter", &job.pid, "--", "/bin/sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert_eq!(next(), "ready");
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::SIGUSR1).expect("a signal");
    assert_eq!(next(), "got");
    assert_eq!(child.wait().expect("the child").code(), Some(9));
}

#[test]
fn a_job_joins_and_has_parameters() {
    if !works(&["--profile", "none"]) || !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let user = format!("user:{}", job.pid);
    let ipc = format!("ipc:{}", job.pid);
    let words = ["--join", &user, "--join", &ipc];
    let mut all = words.to_vec();
    all.extend(["--net", "none", "--", "/bin/sh", "-c", LINKS]);
    let (code, stdout, stderr) = told(&run(&all));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    for (kind, seen) in KINDS.iter().zip(stdout.lines()) {
        let joined = ["user", "ipc"].contains(kind);
        assert_eq!(seen == job.link(kind), joined, "{kind}: {seen}");
        assert_ne!(seen, link("self", kind));
    }
    let mut all = vec!["--sysctl", "net.ipv4.ip_forward=1"];
    let mut script = "cat /proc/sys/net/ipv4/ip_forward".to_owned();
    let mut expected = "1\n".to_owned();
    if is_root() {
        // Of kernel.* the kernel wants the root of the user namespace.
        all.extend(["--sysctl", "kernel.shmmni=77"]);
        script.push_str(" /proc/sys/kernel/shmmni");
        expected.push_str("77\n");
    }
    all.extend(["--", "/bin/sh", "-c", &script]);
    assert_eq!(told(&run(&all)), (Some(0), expected, String::new()));
    let (code, _, stderr) = told(&run(&["--sysctl", "vm.swappiness=1", "--", "/bin/true"]));
    assert_eq!(code, Some(125));
    assert!(
        stderr.starts_with("isolatectl: spec: sysctls: "),
        "{stderr}"
    );
}

#[test]
fn numbers_of_processes_and_users() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let target = format!("pid:{}", job.pid);
    let inner = ns_prints(&["pid", &job.pid, "--to", &target]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", job.pid)).expect("alive");
    let listed = status.lines().find(|line| line.starts_with("NSpid:"));
    let listed = listed.and_then(|line| line.split_whitespace().last());
    assert_eq!(Some(inner.trim()), listed);
    let outer = ns_prints(&["pid", inner.trim(), "--from", &job.pid]);
    assert_eq!(outer.trim(), job.pid);
    let own = std::process::id().to_string();
    assert_eq!(ns_prints(&["pid", &own]).trim(), own);
    let (code, _, stderr) = ns(&["pid", &own, "--to", &target]);
    assert_eq!(code, Some(125));
    assert!(
        stderr.contains("No such process; it is neither in"),
        "{stderr}"
    );

    for (which, file) in [("uid", "uid_map"), ("gid", "gid_map")] {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", job.pid)).expect("a map");
        let line: Vec<&str> = text.split_whitespace().take(3).collect();
        let there = ns_prints(&["ids", which, line[0], "--from", &job.pid]);
        assert_eq!(there.trim(), line[1]);
        let back = ns_prints(&["ids", which, line[1], "--to", &format!("user:{}", job.pid)]);
        assert_eq!(back.trim(), line[0]);
        let (code, _, stderr) = ns(&["ids", which, "4294967294", "--from", &job.pid]);
        assert_eq!(code, Some(125));
        assert!(
            stderr.contains("4294967294: is not mapped in user:["),
            "{stderr}"
        );
    }
}

#[test]
fn parameters_of_a_namespace() {
    if !works(&[]) {
        return;
    }
    let job = Sleeper::new(&[], "");
    let net = format!("net:{}", job.pid);
    let name = "net.ipv4.ip_default_ttl";
    let own = std::fs::read_to_string("/proc/sys/net/ipv4/ip_default_ttl").expect("a number");
    assert_eq!(ns_prints(&["sysctl", "net:self", name]), own);
    assert_eq!(ns_prints(&["sysctl", &net, &format!("{name}=77")]), "");
    assert_eq!(ns_prints(&["sysctl", &net, name]), "77\n");
    assert_eq!(
        inside(&[&job.pid], "cat /proc/sys/net/ipv4/ip_default_ttl"),
        "77"
    );
    let after = std::fs::read_to_string("/proc/sys/net/ipv4/ip_default_ttl").expect("a number");
    assert_eq!(after, own);
    for (words, text) in [
        (["sysctl", &net, "kernel.shmmni"], "is a ipc namespace's"),
        (["sysctl", &net, "net.ipv4.none"], "No such file"),
        (
            ["sysctl", &net, "net.ipv4.ip_default_ttl=x"],
            "Invalid argument",
        ),
        (["sysctl", &job.pid, name], "say which of its namespaces"),
    ] {
        let (code, _, stderr) = ns(&words);
        assert_eq!(code, Some(125), "{words:?}");
        assert!(stderr.contains(text), "{words:?}: {stderr}");
    }
}

#[test]
fn what_is_no_namespace() {
    let scratch = Scratch::new("targets");
    std::os::unix::fs::symlink("loop", scratch.0.join("loop")).expect("a link");
    let pipe = scratch.path("pipe");
    let mode = nix::sys::stat::Mode::S_IRWXU;
    // Opening it would wait for a writer.
    nix::unistd::mkfifo(pipe.as_str(), mode).expect("a pipe");
    let looped = scratch.path("loop");
    let gone = {
        let mut child = Command::new("true").spawn().expect("true");
        child.wait().expect("the child");
        child.id().to_string()
    };
    let net = format!("net:{gone}");
    for (target, text) in [
        (
            net.as_str(),
            format!("/proc/{gone}/ns/net: No such process"),
        ),
        (&gone, format!("/proc/{gone}/ns/cgroup: No such process")),
        ("net:0", "0: ".into()),
        ("net:99999999999", "net:99999999999: is beyond every".into()),
        ("/etc/passwd", "/etc/passwd: is not a namespace".into()),
        ("/", "/: is not a namespace".into()),
        ("/dev/null", "/dev/null: is not a namespace".into()),
        (&pipe, format!("{pipe}: is not a namespace")),
        (
            &looped,
            format!("{looped}: Too many levels of symbolic links"),
        ),
        ("/no/such", "/no/such: No such file or directory".into()),
        ("no-such-name", "/run/netns/no-such-name: ".into()),
        ("", "name \"\": is empty".into()),
        ("network:1", "network:1: does not begin with a kind".into()),
        (
            "ipc:[1]",
            "ipc:[1]: there is none that the caller can see".into(),
        ),
        ("uts:name", "uts:name: after the colon comes".into()),
        (
            "mnt:/proc/self/ns/net",
            format!("{}: is a net namespace", link("self", "net")),
        ),
    ] {
        for words in [&["enter", target, "--", "/bin/true"][..], &["show", target]] {
            let (code, stdout, stderr) = ns(words);
            assert_eq!((code, stdout.as_str()), (Some(125), ""), "{words:?}");
            assert!(
                stderr.starts_with("isolatectl: namespace: ") && stderr.contains(&text),
                "{words:?}: {stderr}"
            );
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
        }
    }
    let twice = ns(&["enter", "net:self", "net:self", "--", "/bin/true"]);
    assert!(
        twice.2.contains("net:self: names a second net"),
        "{}",
        twice.2
    );
    let (code, _, stderr) = ns(&["pid", "1", "--from", "net:self"]);
    let own = inode(&link("self", "net"));
    assert_eq!(code, Some(125));
    assert!(
        stderr.contains(&format!(
            "net:[{own}]: is a net namespace, and a pid namespace"
        )),
        "{stderr}"
    );
}
