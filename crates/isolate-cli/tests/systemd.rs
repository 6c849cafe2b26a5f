//! Groups that systemd makes: of jobs and by `isolatectl cgroup create`, and what is said where it is not.

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{
    Scratch, Shell, cgroup, cgroup_command, is_root, isolatectl, refused, run, skip, told,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Whether systemd makes groups for this caller; where not, says why.
fn works() -> bool {
    let words = [
        "--driver",
        "systemd",
        "--profile",
        "none",
        "--",
        "/bin/true",
    ];
    let (code, _, stderr) = told(&run(&words));
    if code != Some(0) {
        skip(&format!("isolatectl run {words:?}: {}", stderr.trim()));
    }
    code == Some(0)
}

/// A name that no other test has.
fn name(tag: &str) -> String {
    format!("isolatectl-test-{}-{tag}", std::process::id())
}

/// The path of the group that a job was in, of the hierarchy in which systemd keeps account.
fn scope_of(cgroups: &str) -> &str {
    let paths = cgroups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2));
    let mut scopes = paths.filter(|path| path.contains(".scope/"));
    scopes
        .next()
        .unwrap_or_else(|| panic!("in no scope: {cgroups}"))
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_no_host_could_do_is_refused() {
    for (words, text) in [
        (
            &["--driver", "cgroupfs", "--slice", "a.slice"][..],
            "spec: slice: is for systemd, and driver is \"cgroupfs\"",
        ),
        (
            &["--driver", "cgroupfs", "--unit", "u"],
            "spec: unit: is for systemd, and driver is \"cgroupfs\"",
        ),
        (
            &["--slice", "foo--bar.slice"],
            "spec: slice: \"foo--bar.slice\": has an empty part",
        ),
        (&["--unit", "a/b"], "spec: unit: \"a/b\": holds '/'"),
    ] {
        let mut all = words.to_vec();
        all.extend(["--", "/bin/true"]);
        let (code, stdout, stderr) = told(&run(&all));
        assert_eq!((code, stdout.as_str()), (Some(125), ""), "{words:?}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(
            stderr.starts_with(&format!("isolatectl: {text}")),
            "{stderr}"
        );
    }
    let told = refused(&["create", "x", "--slice", "a.slice"]);
    assert!(told.starts_with("spec: slice: is for systemd"), "{told}");
    let told = refused(&["create", "x", "--driver", "auto", "--slice", "a-.slice"]);
    assert!(told.starts_with("spec: slice: \"a-.slice\""), "{told}");
    let told = refused(&["create", "x", "--driver", "nobody"]);
    assert!(told.contains("'nobody' for '--driver <DRIVER>'"), "{told}");
}

#[test]
fn without_systemd_it_says_so() {
    if Path::new("/run/systemd/system").is_dir() {
        skip("systemd is here");
        return;
    }
    let clean = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isolatectl"));
        let command = command.args(words);
        for variable in ["DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(variable);
        }
        told(&command.output().expect("the command"))
    };
    let text = "isolatectl: cgroup: driver: \"systemd\": this host was not booted with systemd; use \
                driver: \"auto\", which takes it where it is\n";
    for words in [
        &["run", "--driver", "systemd", "--", "/bin/true"][..],
        &["cgroup", "create", "--driver", "systemd", "x"],
    ] {
        let told = clean(words);
        assert_eq!(
            told,
            (Some(125), String::new(), text.to_owned()),
            "{words:?}"
        );
    }
    let (code, _, stderr) = clean(&["run", "--slice", "a.slice", "--", "/bin/true"]);
    assert_eq!(code, Some(125));
    assert_eq!(
        stderr,
        "isolatectl: cgroup: slice: this host was not booted with systemd; leave slice out\n"
    );
}

#[test]
fn a_job_in_a_named_scope_of_a_slice() {
    if !works() {
        return;
    }
    let scratch = Scratch::new("unit");
    let (file, unit) = (scratch.path("outcome.json"), name("job"));
    let slice = format!("{}.slice", unit.replace('-', "_"));
    let words = [
        "--driver",
        "systemd",
        "--profile",
        "none",
        "--slice",
        &slice,
        "--unit",
        &unit,
        "--json",
        &file,
        "--",
        "/bin/cat",
        "/proc/self/cgroup",
    ];
    let (code, stdout, stderr) = told(&run(&words));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let path = scope_of(&stdout);
    assert!(
        path.contains(&format!("/{slice}/{unit}.scope/")),
        "{stdout}"
    );
    let outcome = std::fs::read_to_string(&file).expect("the outcome");
    let outcome: Value = serde_json::from_str(&outcome).expect("JSON");
    let all = outcome["enforcement"].as_array().expect("a list");
    let told = all.iter().find(|one| one["name"] == "unit");
    let told = told.unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!(told["requested"], unit.as_str());
    assert_eq!(told["value"], format!("{unit}.scope"));
    let places = all
        .iter()
        .find(|one| one["name"] == "cgroup")
        .expect("it has a group");
    let places = places["value"].as_str().expect("its directories");
    let (place, _) = places
        .split(' ')
        .find(|place| place.ends_with(path))
        .and_then(|place| place.split_once(".scope/"))
        .expect("the directory of its path");
    assert!(!Path::new(&format!("{place}.scope")).exists(), "{place}");
    assert_eq!(
        told_of_unit(&format!("{unit}.scope"), "LoadState"),
        "not-found"
    );
    // A slice is systemd's, and stays.
    let stopped = systemctl().args(["stop", &slice]).status();
    assert!(stopped.expect("systemctl(1)").success());
}

fn systemctl() -> Command {
    let mut command = Command::new("systemctl");
    if !is_root() {
        command.arg("--user");
    }
    command
}

/// A property of a unit, as systemctl(1) shows it.
fn told_of_unit(unit: &str, property: &str) -> String {
    let output = systemctl()
        .args(["show", "--value", "-p", property, unit])
        .output();
    let output = output.expect("systemctl(1) is where systemd is");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The command itself is in a unit that is not its own: it stays there, and its jobs get units.
#[test]
fn auto_takes_systemd_where_it_manages() {
    if !works() {
        return;
    }
    // The job, its init and the command.
    let script = "parent() { awk '/^PPid/ {print $2}' /proc/$1/status; }
                  cat /proc/self/cgroup; echo --; cat /proc/$(parent $PPID)/cgroup";
    let mut command = Command::new("systemd-run");
    if !is_root() {
        command.arg("--user");
    }
    let output = command
        .args([
            "--quiet",
            "--pipe",
            "--wait",
            "--collect",
            env!("CARGO_BIN_EXE_isolatectl"),
        ])
        .args([
            "run",
            "--profile",
            "none",
            "--pids",
            "40",
            "--",
            "/bin/sh",
            "-c",
            script,
        ])
        .output()
        .expect("systemd-run(1) is where systemd is");
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let (job, command) = stdout.split_once("--\n").expect("both");
    assert!(scope_of(job).contains("/isolate-"), "{stdout}");
    assert!(
        command.contains(".service\n") && !command.contains("isolate-"),
        "{stdout}"
    );
}

/// `isolatectl cgroup create` by systemd, which stays.
struct Holder {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Holder {
    fn new(words: &[&str]) -> Holder {
        let mut child = cgroup_command(&[&["create", "--driver", "systemd"], words].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = BufReader::new(stdout).lines();
        Holder { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }

    /// The directory that systemd keeps account of, and its path from the root of the hierarchy.
    fn place(&mut self, unit: &str) -> (PathBuf, String) {
        let mark = format!("/{unit}/");
        loop {
            let line = self.line();
            let (_, rest) = line.split_once("  ").expect("version and directory");
            let (dir, _) = rest.rsplit_once("  ").expect("directory and controllers");
            if dir.contains(&mark) {
                let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
                let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
                let inside = points.filter_map(|point| Some(dir.strip_prefix(point)?.to_owned()));
                let path = inside.min_by_key(String::len).expect("it is mounted");
                return (PathBuf::from(dir), path);
            }
        }
    }

    fn tell(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it is there");
    }

    fn end(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

#[test]
fn a_scope_is_held_until_a_signal() {
    if !works() {
        return;
    }
    let unit = format!("{}.scope", name("held"));
    let mut held = Holder::new(&[&unit]);
    assert_eq!(held.line(), format!("unit {unit}"));
    let (dir, _) = held.place(&unit);
    assert!(dir.is_dir(), "{dir:?}");
    assert_eq!(told_of_unit(&unit, "ActiveState"), "active");
    let again = refused(&["create", "--driver", "systemd", &unit]);
    assert!(
        again.contains(&unit) && again.contains("(UnitExists)"),
        "{again}"
    );
    held.tell(Signal::SIGTERM);
    assert_eq!(held.end(), Some(0));
    assert!(!dir.parent().expect("the scope").exists(), "{dir:?}");
}

#[test]
fn what_was_moved_in_stays_when_the_holder_ends() {
    if !works() {
        return;
    }
    let unit = format!("{}.scope", name("stays"));
    let mut held = Holder::new(&[&unit]);
    held.line();
    let (dir, path) = held.place(&unit);
    let mut shell = Shell::new("cat /proc/self/cgroup");
    let (code, _, stderr) = cgroup(&["attach", &path, &shell.pid()]);
    if code != Some(0) && stderr.contains("Permission denied") {
        skip(&format!(
            "an ordinary user's processes outside of its manager's tree: {stderr}"
        ));
        held.tell(Signal::SIGTERM);
        held.end();
        return;
    }
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    held.tell(Signal::SIGTERM);
    assert_eq!(held.end(), Some(0));
    assert!(dir.is_dir(), "{dir:?} went with a process in it");
    shell.go();
    let (code, _, inside, _) = shell.end();
    assert_eq!(code, Some(0));
    assert_eq!(scope_of(&inside), path);
    eventually("the scope goes with its last process", || !dir.exists());
}

#[test]
fn the_holder_ends_with_the_group() {
    if !works() {
        return;
    }
    let unit = format!("{}.scope", name("removed"));
    let mut held = Holder::new(&[&unit]);
    held.line();
    let (dir, path) = held.place(&unit);
    let (code, _, stderr) = cgroup(&["rm", &path]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(held.end(), Some(0));
    assert!(!dir.parent().expect("the scope").exists(), "{dir:?}");
}

#[test]
fn a_unit_by_a_specs_file() {
    if !works() {
        return;
    }
    let (scratch, unit) = (Scratch::new("spec"), name("file"));
    let file = scratch.path("spec.json");
    let text = format!(r#"{{"profile": "none", "driver": "systemd", "unit": "{unit}"}}"#);
    std::fs::write(&file, text).expect("a file");
    let output = isolatectl(&["--spec", &file, "--", "/bin/cat", "/proc/self/cgroup"]);
    let (code, stdout, stderr) = told(&{ output }.output().expect("the command"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        scope_of(&stdout).contains(&format!("/{unit}.scope/")),
        "{stdout}"
    );
}
