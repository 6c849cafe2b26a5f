//! Jobs and groups in scopes that systemd makes: what is in force, who is where, and that nothing is
//! left. What needs a systemd skips where there is none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

/// The library's own reader and writer of D-Bus, for the manager that the tests play.
#[path = "../../src/cgroup/systemd/bus/wire/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the manager needs a part")]
mod wire;

#[path = "../common/fake_manager/mod.rs"]
mod fake_manager;

mod fake;
mod ground;
mod groups;
mod jobs;
mod troubles;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::skip;
use libisolate::cgroup::{Cgroup, Manager, SystemdHost, Version};
use libisolate::job::{EnforcementStatus, Outcome};
use libisolate::spec::{Driver, Profile, Stdio};
use libisolate::{Host, Spec};

/// The systemd that makes this caller's units; where there is none, says that the test is skipped.
pub fn systemd_or_skip(test: &str) -> Option<SystemdHost> {
    let host = Host::probe().unwrap().cgroup;
    match host.systemd {
        Some(systemd) if systemd.booted && systemd.reason.is_none() => Some(systemd),
        Some(SystemdHost {
            reason: Some(_), ..
        }) => {
            skip(test, "no systemd answers this caller");
            None
        }
        _ => {
            skip(test, "needs a host that was booted with systemd");
            None
        }
    }
}

/// A job that runs a shell script in a scope, with nothing else of its own: this works in containers, too.
pub fn in_scope(script: &str) -> Spec {
    let mut spec = Spec::new(["/bin/sh", "-c", script]);
    spec.profile = Profile::None;
    spec.driver = Some(Driver::Systemd);
    spec.stdin = Stdio::Null;
    spec.stdout = Stdio::Capture;
    spec.stderr = Stdio::Capture;
    spec
}

/// What is in force for a name of the enforcement.
#[track_caller]
pub fn value(outcome: &Outcome, name: &str) -> String {
    let entry = outcome.enforcement.iter().find(|e| e.name == name);
    let entry = entry.unwrap_or_else(|| panic!("no {name} in {:?}", outcome.enforcement));
    assert_eq!(entry.status, EnforcementStatus::Enforced, "{entry:?}");
    entry.value.clone().unwrap_or_default()
}

/// The directory of the scope that a group's directory is in.
#[track_caller]
pub fn scope_of(dir: &str) -> PathBuf {
    let scope = Path::new(dir).ancestors().find(|dir| {
        let name = dir.file_name().unwrap_or_default();
        name.to_string_lossy().ends_with(".scope")
    });
    scope
        .unwrap_or_else(|| panic!("{dir} is in no scope"))
        .to_owned()
}

/// The directory of the scope that a group is in, in the first hierarchy that has it.
#[track_caller]
pub fn scope_of_group(group: &Cgroup) -> PathBuf {
    let dirs: Vec<String> = group.places().iter().map(|p| p.path.to_string()).collect();
    let dir = dirs.iter().find(|dir| dir.contains(".scope/"));
    scope_of(dir.unwrap_or_else(|| panic!("none of {dirs:?} is in a scope")))
}

/// Which tree a controller is on here.
pub fn version_of(controller: &str) -> Option<Version> {
    Host::probe()
        .unwrap()
        .cgroup
        .controller(controller)
        .map(|h| h.version)
}

/// Whether a unit can have a controller; where not, says that the test is skipped.
pub fn unit_has_or_skip(test: &str, systemd: &SystemdHost, controller: &str) -> bool {
    let host = Host::probe().unwrap().cgroup.through(systemd);
    let has = host.controller(controller).is_some_and(|h| h.writable);
    if !has {
        skip(
            test,
            &format!("a unit of this caller's cannot have the {controller} controller"),
        );
    }
    has
}

/// systemctl of the caller's manager.
pub fn systemctl(systemd: &SystemdHost, words: &[&str]) -> String {
    let mut command = Command::new("systemctl");
    if systemd.manager == Manager::User {
        command.arg("--user");
    }
    // A test machine may have this program's files in a root of their own.
    let out = command
        .args(words)
        .env("SYSTEMD_IGNORE_CHROOT", "1")
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
        + String::from_utf8_lossy(&out.stderr).trim()
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < deadline, "not after a minute: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// No unit has failed, and none of ours is there.
#[track_caller]
pub fn assert_clean(systemd: &SystemdHost) {
    until("no unit is left", || {
        systemctl(
            systemd,
            &["list-units", "--all", "--no-legend", "--plain", "isolate-*"],
        )
        .is_empty()
    });
}
