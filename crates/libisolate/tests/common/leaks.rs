//! What a process has that a job could leave behind: descriptors, children, cgroups and mounts.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What this process has at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub fds: BTreeMap<i32, String>,
    pub children: Vec<String>,
    pub cgroups: Vec<PathBuf>,
    pub mounts: Vec<String>,
}

impl Snapshot {
    pub fn take() -> Snapshot {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        Snapshot {
            fds: fds(),
            children: children(),
            cgroups: cgroups(),
            mounts: mounts.lines().map(str::to_owned).collect(),
        }
    }

    /// Asserts that everything is as it was. What another thread has just given up may take a moment.
    pub fn assert_same(&self) {
        let end = Instant::now() + super::patience(Duration::from_secs(2));
        loop {
            let now = Snapshot::take();
            if now == *self {
                return;
            }
            if Instant::now() > end {
                assert_eq!(now.fds, self.fds, "descriptors");
                assert_eq!(now.children, self.children, "children");
                assert_eq!(now.cgroups, self.cgroups, "cgroups");
                assert_eq!(now.mounts, self.mounts, "mounts");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Open descriptors and what they are, but for the init's program, which the library keeps.
fn fds() -> BTreeMap<i32, String> {
    let mut fds = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let number: i32 = entry.file_name().to_string_lossy().parse().unwrap();
        // The directory being read is gone by now.
        let Ok(link) = fs::read_link(entry.path()) else {
            continue;
        };
        let link = link.to_string_lossy().into_owned();
        if !link.starts_with("/memfd:isolate-init") && !link.ends_with("/fd") {
            fds.insert(number, link);
        }
    }
    fds
}

/// Children of every thread, zombies too.
fn children() -> Vec<String> {
    let mut all = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(text.split_whitespace().map(str::to_owned));
    }
    all
}

/// The directories of jobs of this process.
fn cgroups() -> Vec<PathBuf> {
    let prefix = format!("isolate-{}-", std::process::id());
    let mut found = Vec::new();
    for hierarchy in libisolate::Host::probe().unwrap().cgroup.hierarchies {
        for entry in fs::read_dir(hierarchy.dir.as_path())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                found.push(entry.path());
            }
        }
    }
    found
}
