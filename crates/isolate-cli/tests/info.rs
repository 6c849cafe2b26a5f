//! `isolatectl info` against what this host says elsewhere.

use std::process::Command;

use serde_json::Value;

fn info(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_isolatectl"))
        .arg("info")
        .args(words)
        .output()
        .expect("the command");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn json() {
    let told: Value = serde_json::from_str(&info(&["--json"])).expect("JSON");
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("the release");
    assert_eq!(told["kernel"], release.trim());
    assert_eq!(told["caller"]["uid"], nix::unistd::geteuid().as_raw());
    assert!(told["caller"].get("env").is_none());
    let own = std::fs::read_link("/proc/self/ns/uts")
        .expect("a link")
        .display()
        .to_string();
    let inode = &told["namespaces"]["uts"]["inode"];
    assert_eq!(own, format!("uts:[{inode}]"));
    // As many trees as /proc/self/cgroup has lines, where all are mounted; never more.
    let lines = std::fs::read_to_string("/proc/self/cgroup")
        .expect("the cgroups")
        .lines()
        .count();
    let trees = told["cgroup"]["hierarchies"].as_array().expect("a list");
    assert!(trees.len() <= lines, "{trees:?}");
    for tree in trees {
        let dir = tree["dir"].as_str().expect("a path");
        assert!(
            dir.is_empty() || std::path::Path::new(dir).is_dir(),
            "{dir}"
        );
    }
}

/// systemd makes groups only where the host was booted with it, and only where the caller's own group is
/// not the caller's to divide.
#[test]
fn who_makes_the_groups() {
    let told: Value = serde_json::from_str(&info(&["--json"])).expect("JSON");
    let cgroup = &told["cgroup"];
    let booted = std::path::Path::new("/run/systemd/system").is_dir();
    let systemd = &cgroup["systemd"];
    if systemd.is_null() {
        assert!(!booted, "{cgroup}");
        assert_eq!(cgroup["driver"], "cgroupfs");
        assert!(info(&[]).contains("\nsystemd            no\n"));
        return;
    }
    assert_eq!(systemd["booted"], booted);
    let manager = match nix::unistd::geteuid().is_root() {
        true => "system",
        false => "user",
    };
    assert_eq!(systemd["manager"], manager);
    let by = match systemd["manages_caller"].as_bool().expect("yes or no") {
        true => "systemd",
        false => "cgroupfs",
    };
    assert_eq!(cgroup["driver"], by);
    assert!(booted || by == "cgroupfs", "{cgroup}");
    if let Some(reason) = systemd["reason"].as_str() {
        assert!(info(&[]).contains(reason), "{reason}");
    }
}

#[test]
fn text() {
    let told = info(&[]);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("the release");
    let all: Value = serde_json::from_str(&info(&["--json"])).expect("JSON");
    let driver = all["cgroup"]["driver"].as_str().expect("a word");
    for (name, value) in [("kernel", release.trim()), ("cgroup driver", driver)] {
        let line = told
            .lines()
            .find(|l| l.starts_with(name))
            .unwrap_or_else(|| panic!("{name}"));
        assert!(line.contains(value), "{line}");
    }
    assert!(told.lines().any(|l| l.starts_with("missing")), "{told}");
}
