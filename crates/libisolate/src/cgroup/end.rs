//! The end of a group: kill everything in it, then take the directories away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use isolate_sys::{Errno, abi, calls};

use super::group::start_time;
use super::tree::Tree;
use super::{Version, write};
use crate::error::{Error, ErrorKind, Result, Stage};

/// How long a v1 group may take to die; a process in an uninterruptible call may take for ever.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn kill(trees: &[Tree]) -> Result<()> {
    let unified = trees.iter().find(|t| t.version == Version::V2);
    let killed = match unified.map(|tree| tree.dir.write("cgroup.kill", "1")) {
        Some(Ok(())) => true,
        // Before Linux 5.14, or removed already.
        Some(Err(error)) if error.errno() == libc::ENOENT => false,
        Some(Err(error)) => return Err(error),
        None => false,
    };
    // A process that joined the v1 directories alone is not in the v2 one, so all are looked at; the
    // dying are still listed for a moment, and a second SIGKILL does not hurt them.
    let others: Vec<&Tree> = trees
        .iter()
        .filter(|t| !(killed && t.version == Version::V2) && t.dir.stands())
        .collect();
    if others
        .iter()
        .all(|tree| members(tree.dir.path()).is_empty())
    {
        return Ok(());
    }
    let freezer = trees
        .iter()
        .find(|t| t.version == Version::V1 && t.has("freezer"));
    kill_listed(&others, freezer.map(|tree| tree.dir.path()))
}

pub(super) fn processes(trees: &[Tree]) -> Vec<i32> {
    let own = std::process::id() as i32;
    let mut pids = listed(trees, true, &["cgroup.procs"]);
    pids.retain(|pid| *pid != own);
    pids
}

/// The ids in the groups and, where asked for, in those below, by the first of the files that can be
/// read: v2's `cgroup.procs` cannot in a threaded group, v1 has no `cgroup.threads`.
pub(super) fn listed(trees: &[Tree], recursive: bool, files: &[&str]) -> Vec<i32> {
    // All trees: what was moved out of one directory is still in the others.
    let mut ids: Vec<i32> = Vec::new();
    for tree in trees.iter().filter(|tree| tree.dir.stands()) {
        let dirs = match recursive {
            true => groups(tree.dir.path()),
            false => vec![tree.dir.path().to_owned()],
        };
        for dir in dirs {
            let text = files.iter().find_map(|file| write::read(&dir, file).ok());
            let numbers = text.unwrap_or_default();
            // 0 stands for those of another pid namespace.
            ids.extend(
                numbers
                    .lines()
                    .filter_map(|l| l.parse::<i32>().ok())
                    .filter(|id| *id > 0),
            );
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Kills by the lists of processes until they are empty.
fn kill_listed(trees: &[&Tree], freezer: Option<&Path>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_micros(200);
    loop {
        // A group that stands still forks nothing between the list and the kill. Where it does not,
        // the next round finds what was forked.
        if let Some(dir) = freezer {
            let _ = write::write(dir, "freezer.state", "FROZEN");
        }
        let mut left = None;
        for tree in trees {
            for (dir, pid) in members(tree.dir.path()) {
                kill_member(&dir, pid);
                left = Some(dir);
            }
        }
        if let Some(dir) = freezer {
            // The killed die only when they move again, in every group below as well.
            for below in groups(dir) {
                let _ = write::write(&below, "freezer.state", "THAWED");
            }
        }
        let Some(dir) = left else { return Ok(()) };
        if Instant::now() >= deadline {
            return Err(Error::new(
                ErrorKind::Busy,
                Stage::Cgroup,
                dir.display().to_string(),
                format!("processes are left {} s after SIGKILL", PATIENCE.as_secs()),
            ));
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Kills a process of a list, if it is still the one that was listed.
fn kill_member(dir: &Path, pid: i32) {
    match Pidfd::open(pid) {
        Ok(process) => {
            // The number may have gone to another process since it was read. Now it is pinned: if
            // it is listed once more, this is a member.
            if pids_in(dir).contains(&pid) {
                let _ = calls::process::pidfd_send_signal(process.0, abi::SIGKILL);
            }
        }
        // Before Linux 5.3, or a container's filter.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let _ = calls::process::kill(pid, abi::SIGKILL);
        }
        // It has ended.
        Err(_) => {}
    }
}

struct Pidfd(i32);

impl Pidfd {
    fn open(pid: i32) -> Result<Pidfd, Errno> {
        calls::process::pidfd_open(pid).map(Pidfd)
    }
}

impl Drop for Pidfd {
    fn drop(&mut self) {
        let _ = calls::fd::close(self.0);
    }
}

/// The processes of a group and of those below it, each with its group's directory.
fn members(dir: &Path) -> Vec<(PathBuf, i32)> {
    groups(dir)
        .into_iter()
        .flat_map(|group| {
            pids_in(&group)
                .into_iter()
                .map(move |pid| (group.clone(), pid))
        })
        .collect()
}

/// The processes in one group. Empty where it has vanished; 0 stands for those of another pid
/// namespace, which only `cgroup.kill` reaches.
fn pids_in(dir: &Path) -> Vec<i32> {
    let own = std::process::id();
    write::read(dir, "cgroup.procs")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter(|pid: &i32| *pid > 0 && pid.unsigned_abs() != own)
        .collect()
}

/// A group and all below it, each before its children.
fn groups(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    let mut at = 0;
    while let Some(parent) = found.get(at) {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let below: Vec<PathBuf> = entries
            .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))
            .map(|entry| entry.path())
            .collect();
        found.extend(below);
        at += 1;
    }
    found
}

/// How often a group that is busy is tried, with a pause that doubles from a millisecond: half a second in
/// all, however many directories it has.
const TRIES: u32 = 10;

pub(super) fn remove<'a>(dirs: impl Iterator<Item = &'a Path>) -> Result<()> {
    let mut left: Vec<&Path> = dirs.collect();
    let mut failed = None;
    for tries in 1..=TRIES {
        // The others are taken away all the same: what is left should be as little as can be.
        left.retain(|dir| {
            let Err(error) = remove_tree(dir) else {
                return false;
            };
            let busy = error.raw_os_error() == Some(libc::EBUSY);
            if !busy || tries == TRIES {
                failed.get_or_insert_with(|| still_there(dir, &error));
            }
            busy
        });
        if left.is_empty() {
            break;
        }
        if tries < TRIES {
            // The dead leave their group a moment after they were waited for.
            sleep(Duration::from_millis(1 << (tries - 1)));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Most groups have none below and go at the first call; a job with a cgroup tree of its own may
/// have made some.
fn remove_tree(dir: &Path) -> io::Result<()> {
    let mut tries = 1;
    loop {
        let error = match fs::remove_dir(dir) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV) => return Ok(()),
            Some(libc::EBUSY) if tries == 1 => {
                let below = groups(dir);
                for child in below.iter().skip(1).rev() {
                    let _ = fs::remove_dir(child);
                }
                if below.len() < 2 {
                    return Err(error);
                }
            }
            Some(libc::EBUSY) => return Err(error),
            // Interrupted, or out of memory for a moment: a directory that stays, stays for good.
            _ if tries < 3 => {}
            _ => return Err(error),
        }
        tries += 1;
    }
}

/// How old a group without an owner must be before it is taken away. A process of another pid
/// namespace cannot be told from one that has ended; its new group is soon not empty any more.
const ABANDONED: Duration = Duration::from_secs(2);

/// Takes away the groups that ended processes have left here: a host that was killed removes nothing.
pub(super) fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(owner_of) else {
            continue;
        };
        let old = || {
            let made = entry.metadata().and_then(|meta| meta.modified());
            made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > ABANDONED))
        };
        if !lives(owner) && old() {
            // A group that holds processes does not go, and that is right: they may have moved there.
            for dir in groups(&entry.path()).iter().rev() {
                let _ = fs::remove_dir(dir);
            }
        }
    }
}

/// The pid and start time in `isolate-PID-START-N`.
fn owner_of(name: &str) -> Option<(u32, u64)> {
    let mut parts = name.strip_prefix("isolate-")?.split('-');
    let owner = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next()?.parse::<u64>().ok()?;
    parts.next().is_none().then_some(owner)
}

fn lives((pid, start): (u32, u64)) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => start_time(&stat).is_none_or(|now| now == start),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn still_there(dir: &Path, error: &io::Error) -> Error {
    let told = Error::from_io(error, Stage::Cgroup, dir.display().to_string());
    match members(dir).len() {
        _ if told.errno() != libc::EBUSY => told,
        0 => told,
        1 => told.with_hint("a process is in it"),
        count => told.with_hint(format!("{count} processes are in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_already_is_removed() {
        let gone = Path::new("/proc/self/no-such-group");
        assert_eq!(remove([gone, gone].into_iter()), Ok(()));
    }

    #[test]
    fn a_directory_that_will_not_go_is_named_and_the_others_go() {
        let base = std::env::temp_dir().join(format!("isolate-end-{}", std::process::id()));
        let (full, empty) = (base.join("full"), base.join("empty"));
        fs::create_dir_all(full.join("file")).expect("temporary directory");
        fs::create_dir_all(&empty).expect("temporary directory");
        // An ordinary file system says ENOTEMPTY where a cgroup tree says EBUSY.
        let error = remove([full.as_path(), empty.as_path()].into_iter()).err();
        assert!(!empty.exists());
        assert_eq!(error.as_ref().map(Error::subject), full.to_str());
        assert_eq!(error.map(|e| e.errno()), Some(libc::ENOTEMPTY));
        fs::remove_dir_all(&base).expect("temporary directory");
    }

    #[test]
    fn names_tell_the_owner() {
        assert_eq!(owner_of("isolate-12-3456-0"), Some((12, 3456)));
        for name in [
            "isolate-leaf",
            "isolate-12-3456",
            "isolate-1-2-3-4",
            "isolate-a-2-3",
            "other-1-2-3",
        ] {
            assert_eq!(owner_of(name), None, "{name}");
        }
        let own = fs::read_to_string("/proc/self/stat").expect("own stat");
        let start = start_time(&own).expect("a start time");
        assert!(lives((std::process::id(), start)));
        assert!(!lives((std::process::id(), start + 1)) && !lives((u32::MAX, 1)));
    }

    #[test]
    fn every_group_comes_before_those_below_it() {
        let base = std::env::temp_dir().join(format!("isolate-groups-{}", std::process::id()));
        fs::create_dir_all(base.join("a/b")).expect("temporary directory");
        fs::write(base.join("file"), "").expect("temporary file");
        assert_eq!(
            groups(&base),
            [base.clone(), base.join("a"), base.join("a/b")]
        );
        fs::remove_dir_all(&base).expect("temporary directory");
    }
}
