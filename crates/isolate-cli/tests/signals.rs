//! Signals to `isolatectl run` reach the job; called as a function it gives the handlers back.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use common::{Scratch, isolatectl, works};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Says which signals it gets, and ends with the fifth line it is to say.
const LISTENER: &str = "\
for s in INT TERM HUP QUIT USR1 USR2; do trap \"echo got $s\" $s; done
trap 'echo got USR2; exit 9' USR2
echo ready
while :; do sleep 0.05; done";

fn listener(options: &[&str]) -> Child {
    let mut words = options.to_vec();
    words.extend(["--", "/bin/sh", "-c", LISTENER]);
    isolatectl(&words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command")
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("a signal");
}

#[test]
fn all_six_are_passed_on() {
    for options in [&[][..], &["--no-init"], &["--profile", "none"]] {
        if !works(options) {
            continue;
        }
        let mut child = listener(options);
        let mut out = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut next = || out.next().expect("a line").expect("text");
        assert_eq!(next(), "ready");
        for signal in [
            Signal::SIGINT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGQUIT,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ] {
            send(&child, signal);
            assert_eq!(
                next(),
                format!("got {}", signal.as_str().trim_start_matches("SIG"))
            );
        }
        assert_eq!(
            child.wait().expect("the child").code(),
            Some(9),
            "{options:?}"
        );
    }
}

#[test]
fn a_job_that_does_not_mind_ends_by_it() {
    if !works(&[]) {
        return;
    }
    let mut child = isolatectl(&["--", "/bin/sh", "-c", "echo ready; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    send(&child, Signal::SIGTERM);
    assert_eq!(child.wait().expect("the child").code(), Some(128 + 15));
}

/// The terminal's Ctrl-C reaches a job that has no part in the terminal once, and one that has it
/// once too: not from the terminal and from isolatectl.
#[test]
fn ctrl_c_comes_once() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    for options in ["", "--profile none"] {
        let words: Vec<&str> = options.split_whitespace().collect();
        if !works(&words) {
            continue;
        }
        let scratch = Scratch::new("tty");
        let job = scratch.path("job.sh");
        // Counts for a while after the first.
        let text = "n=0; trap 'n=$((n+1))' INT; echo ready; while [ $n = 0 ]; do sleep 0.05; done; \
                    sleep 0.3; sleep 0.3; echo count $n";
        std::fs::write(&job, text).expect("a file");
        // Without a mount namespace the file is there anyway.
        let bind = if words.is_empty() {
            format!("--ro {job}")
        } else {
            String::new()
        };
        let command = format!(
            "{} run {options} {bind} -- /bin/sh {job}",
            env!("CARGO_BIN_EXE_isolatectl")
        );
        let mut child = Command::new("script")
            .args(["-qfec", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut keys = child.stdin.take().expect("a pipe");
        let mut seen = Vec::new();
        for line in &mut out {
            let line = line.expect("text").trim().to_owned();
            if line.contains("ready") {
                keys.write_all(b"\x03").expect("a key");
            }
            let done = line.contains("count");
            seen.push(line);
            if done {
                break;
            }
        }
        drop(keys);
        let _ = child.wait();
        assert!(
            seen.last().is_some_and(|l| l.contains("count 1")),
            "{options:?}: {seen:?}"
        );
    }
}

/// As from Python or Node: other threads, and a host that goes on afterwards.
#[test]
fn as_a_function_in_a_process_with_other_threads() {
    if !works(&[]) {
        return;
    }
    let scratch = Scratch::new("function");
    let dir = scratch.path("");
    let mark = scratch.0.join("ready");
    let script = "trap 'exit 5' USR1; : > /work/ready; while :; do sleep 0.05; done";
    let words = [
        "isolatectl",
        "run",
        "--rw",
        &format!("{dir}:/work"),
        "--",
        "/bin/sh",
        "-c",
        script,
    ]
    .map(std::ffi::OsString::from);
    let disposition = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("the status");
        let lines = ["SigIgn:", "SigCgt:"];
        let wanted = |l: &&str| lines.iter().any(|name| l.starts_with(name));
        status
            .lines()
            .filter(wanted)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = disposition();
    let idle = std::thread::spawn(std::thread::park);
    let runner = std::thread::spawn(move || isolate_cli::main_from(words));
    while !mark.exists() {
        assert!(!runner.is_finished(), "it ended before it began");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_ne!(disposition(), before, "handlers while it runs");
    kill(Pid::this(), Signal::SIGUSR1).expect("a signal");
    assert_eq!(runner.join().expect("the runner"), 5);
    assert_eq!(disposition(), before, "and none afterwards");
    idle.thread().unpark();
    idle.join().expect("the idle one");
}
