//! `isolatectl cgroup top` and `events`: what goes on until somebody has seen enough.

mod common;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{Group, Shell, cgroup, cgroup_command, cgroup_prints};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::tcgetattr;
use nix::unistd::Pid;
use serde_json::Value;

/// Long enough for any machine; nothing here is timed.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn top_shows_who_is_busy() {
    let Some(group) = Group::new("top", &[]) else {
        return;
    };
    let name = group.0.as_str();
    for inner in ["idle", "busy"] {
        cgroup_prints(&["create", inner, "--parent", name]);
    }
    let mut shell = Shell::new("while :; do :; done");
    let busy = format!("{name}/busy");
    cgroup_prints(&["attach", &busy, &shell.pid()]);
    shell.go();
    let text = cgroup_prints(&["top", name, "-n", "2", "-d", "0.3", "--json"]);
    let tables: Vec<Vec<Value>> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a table"))
        .collect();
    assert_eq!(tables.len(), 2, "{text}");
    let of = |path: &str| {
        let found = tables[1].iter().find(|line| line["path"] == path);
        found.unwrap_or_else(|| panic!("{path} is not in {text}"))
    };
    assert_eq!(tables[1].len(), 3, "{text}");
    assert_eq!(of(&busy)["tasks"], 1);
    assert_eq!(of(&format!("{name}/idle"))["tasks"], 0);
    if let Some(percent) = of(&busy)["cpu_percent"].as_f64() {
        assert!(percent > 0.0, "{text}");
        assert_eq!(tables[1][2]["path"], format!("{name}/idle"), "{text}");
    }

    let text = cgroup_prints(&["top", name, "-n", "2", "-d", "0.1"]);
    let tables: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(tables.len(), 2, "{text}");
    for table in tables {
        let head: Vec<&str> = table
            .lines()
            .next()
            .expect("a head")
            .split_whitespace()
            .collect();
        assert_eq!(
            head,
            ["CPU%", "MEMORY", "READ/S", "WRITE/S", "TASKS", "GROUP"]
        );
        assert_eq!(table.lines().count(), 4, "{text}");
        assert!(!table.contains('\u{1b}'), "{text:?}");
    }
}

/// Everything that a terminal's program wrote, until it has ended.
fn drain(master: &mut File) -> String {
    let mut all = Vec::new();
    let mut bytes = [0u8; 4096];
    // EIO: nobody has the terminal open any more.
    while let Ok(count @ 1..) = master.read(&mut bytes) {
        all.extend_from_slice(&bytes[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Starts `top` on a terminal of its own, lets `end` end it after the first table, and gives what it wrote.
fn on_a_terminal(path: &str, end: impl Fn(&mut File, &Child)) -> String {
    let size = nix::pty::Winsize {
        ws_row: 5,
        ws_col: 40,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).expect("a terminal");
    let before = tcgetattr(&pty.slave).expect("its settings");
    let tty = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
    let mut command = cgroup_command(&["top", path, "-d", "0.1"]);
    let mut child = command
        .stdin(tty())
        .stdout(tty())
        .spawn()
        .expect("the command");
    drop(command);
    let mut master = File::from(pty.master);
    let mut first = [0u8; 1];
    master.read_exact(&mut first).expect("a table");
    end(&mut master, &child);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    let after = tcgetattr(&pty.slave).expect("its settings");
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    drop(pty.slave);
    format!("{}{}", first[0] as char, drain(&mut master))
}

#[test]
fn top_is_drawn_in_place_until_q() {
    let Some(group) = Group::new("screen", &[]) else {
        return;
    };
    let name = group.0.as_str();
    for inner in ["a", "b", "c", "d", "e", "f"] {
        cgroup_prints(&["create", inner, "--parent", name]);
    }
    let written = on_a_terminal(name, |master, _| master.write_all(b"xq").expect("a key"));
    let begins = written.starts_with("\u{1b}[H\u{1b}[2J");
    assert!(begins && written.contains("CPU%"), "{written:?}");
    // The keys themselves are not shown; a screen of five lines has four, and each fits.
    let screen = written.split("\u{1b}[H").nth(1).expect("a screen");
    let lines: Vec<&str> = screen.split("\u{1b}[K").collect();
    assert_eq!(lines.len(), 5, "{written:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.trim_start_matches("\u{1b}[2J").trim().len() <= 40)
    );
    assert!(!written.contains('x'), "{written:?}");
    on_a_terminal(name, |_, child| {
        kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it is there");
    });
}

/// The lines that a command prints, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let (give, take) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if give.send(line).is_err() {
                break;
            }
        }
    });
    take
}

#[test]
fn events_until_the_group_is_gone() {
    let Some(group) = Group::new("events", &[]) else {
        return;
    };
    let name = group.0.as_str();
    let mut child = cgroup_command(&["events", name, "populated", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command");
    let told = lines(&mut child);
    let deadline = Instant::now() + PATIENCE;
    // Somebody comes and goes until the command, which takes a moment to start, tells of it.
    let first = loop {
        let shell = Shell::new("");
        cgroup_prints(&["attach", name, &shell.pid()]);
        if let Ok(line) = told.recv_timeout(Duration::from_millis(300)) {
            break line;
        }
        assert!(Instant::now() < deadline, "no event came");
    };
    let event: Value = serde_json::from_str(&first).expect("an event");
    assert!(
        event["kind"] == "populated" || event["kind"] == "empty",
        "{event}"
    );
    assert!(
        event["file"].is_string() && event["count"].is_u64(),
        "{event}"
    );
    cgroup_prints(&["rm", "--kill", name]);
    let mut last = event;
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        last = serde_json::from_str(&line).expect("an event");
    }
    assert_eq!(last["kind"], "removed");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn so_many_events_and_no_more() {
    let Some(group) = Group::new("count", &[]) else {
        return;
    };
    let name = group.0.as_str();
    // All that this group can tell of.
    let mut child = cgroup_command(&["events", name, "-n", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command");
    let told = lines(&mut child);
    let deadline = Instant::now() + PATIENCE;
    let first = loop {
        let shell = Shell::new("");
        cgroup_prints(&["attach", name, &shell.pid()]);
        if let Ok(line) = told.recv_timeout(Duration::from_millis(300)) {
            break line;
        }
        assert!(Instant::now() < deadline, "no event came");
    };
    let words: Vec<&str> = first.split(' ').collect();
    assert!(
        ["populated", "empty"].contains(&words[0]) && words[2].starts_with("count="),
        "{first}"
    );
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(
        told.recv_timeout(PATIENCE).is_err(),
        "one event was asked for"
    );
    // Of a group that is there still.
    assert_eq!(cgroup(&["procs", name]).0, Some(0));
}
