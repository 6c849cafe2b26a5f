//! The directories of units in the trees that the test names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::Options;

/// `a-b.slice` is `/a.slice/a-b.slice`; nothing where it is no name of a slice.
pub(super) fn slice_path(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".slice")?;
    if stem == "-" {
        return Some(String::new());
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\".contains(&byte);
    if stem.is_empty() || !stem.bytes().all(letters) || stem.split('-').any(str::is_empty) {
        return None;
    }
    let ends = stem.match_indices('-').map(|(at, _)| at);
    let all = ends.chain([stem.len()]);
    Some(all.map(|end| format!("/{}.slice", &stem[..end])).collect())
}

/// The directories of a group, one in each tree.
fn dirs(options: &Options, group: &str) -> Vec<PathBuf> {
    let below = group.trim_start_matches('/');
    options.trees.iter().map(|tree| tree.join(below)).collect()
}

/// Makes the group, and those above it, and moves the processes there. Notes what it has made.
pub(super) fn make(
    options: &Options,
    group: &str,
    pids: &[u32],
    made: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for tree in &options.trees {
        let mut dir = tree.clone();
        let own = tree.join(options.control_group.trim_start_matches('/'));
        for part in group.split('/').filter(|part| !part.is_empty()) {
            // What is above belongs to others.
            if dir.starts_with(&own) {
                hand_on(&dir);
            }
            dir.push(part);
            match fs::create_dir(&dir) {
                Ok(()) => {
                    made.push(dir.clone());
                    inherit(&dir);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        for pid in pids {
            fs::write(dir.join("cgroup.procs"), pid.to_string())?;
        }
    }
    Ok(())
}

/// Moves processes into a group that is there, in each tree.
pub(super) fn attach(options: &Options, group: &str, pids: &[u64]) -> io::Result<()> {
    for dir in dirs(options, group) {
        for pid in pids {
            fs::write(dir.join("cgroup.procs"), pid.to_string())?;
        }
    }
    Ok(())
}

/// v2: what a group has is handed to those below it, as far as the kernel allows.
fn hand_on(dir: &Path) {
    let controllers = fs::read_to_string(dir.join("cgroup.controllers")).unwrap_or_default();
    for controller in controllers.split_whitespace() {
        let _ = fs::write(dir.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// v1: a new group has no CPUs and no memory nodes, and takes no process before it has.
fn inherit(dir: &Path) {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let own = fs::read_to_string(dir.join(file));
        if own.is_ok_and(|list| list.trim().is_empty()) {
            let above = fs::read_to_string(dir.join("..").join(file));
            let _ = fs::write(dir.join(file), above.unwrap_or_default());
        }
    }
}

/// All groups below, the innermost first, and the group itself.
fn all(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(all(&entry.path()));
        }
    }
    found.push(dir.to_owned());
    found
}

fn pids(options: &Options, group: &str) -> Vec<i32> {
    let dirs = dirs(options, group);
    listed(dirs.iter().flat_map(|dir| all(dir)))
}

fn listed(all: impl Iterator<Item = PathBuf>) -> Vec<i32> {
    let texts = all.filter_map(|dir| fs::read_to_string(dir.join("cgroup.procs")).ok());
    let mut pids: Vec<i32> = texts
        .flat_map(|text| {
            text.lines()
                .filter_map(|line| line.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Whether a process is left in any tree. One that moves from a group into one below it can be in neither
/// list: v2 tells of all of them at once.
pub(super) fn populated(options: &Options, group: &str) -> bool {
    let holds = |dir: &PathBuf| match fs::read_to_string(dir.join("cgroup.events")) {
        Ok(events) => events.lines().any(|line| line == "populated 1"),
        Err(_) => !listed(all(dir).into_iter()).is_empty(),
    };
    dirs(options, group).iter().any(holds)
}

/// Sends a signal to each process of a group and of those below it.
pub(super) fn signal(options: &Options, group: &str, signal: Signal) {
    for pid in pids(options, group) {
        // 0 is one that this process does not see, and no process that may be signalled.
        if pid > 0 {
            let _ = signal::kill(Pid::from_raw(pid), signal);
            let _ = signal::kill(Pid::from_raw(pid), Signal::SIGCONT);
        }
    }
}

/// Kills what is in a group and removes it.
pub(super) fn kill(options: &Options, group: &str) {
    let end = Instant::now() + Duration::from_secs(5);
    while populated(options, group) && Instant::now() < end {
        signal(options, group, Signal::SIGKILL);
        std::thread::sleep(Duration::from_millis(1));
    }
    remove(options, group);
}

/// Removes a group and those below it, as far as they are empty.
pub(super) fn remove(options: &Options, group: &str) {
    if group.trim_matches('/').is_empty() {
        return;
    }
    for dir in dirs(options, group).iter().flat_map(|dir| all(dir)) {
        let _ = fs::remove_dir(dir);
    }
}

/// Removes what was made and is left, with all that is empty below it.
pub(super) fn remove_made(made: &[PathBuf]) {
    for dir in made.iter().rev().filter(|dir| dir.exists()) {
        for dir in all(dir) {
            let _ = fs::remove_dir(dir);
        }
    }
}
