//! Who is in a group: moving processes and threads in, and listing them.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::systemd::Unit;
use super::tree::Tree;
use super::{Cgroup, CgroupHost, Group, Version, end, parse, probe, write};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// How often, and how long apart, a process that has only just been forked is tried again: until it has
/// run once the kernel refuses to move it (EINVAL).
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(30);

impl Cgroup {
    /// Moves processes, with all their threads, into the group in every hierarchy: all of them or none.
    ///
    /// The price of a move is a grace period of the kernel, some 10 ms, and is paid once for all moves
    /// that follow each other closely: move many in one call. A process that a job is made of is born in
    /// its group instead.
    ///
    /// # Errors
    /// `NotFound` for a process that is gone, `Permission` where the group was not delegated to the
    /// caller, `Busy` where the group hands controllers to groups below it (v2: only groups at the end
    /// of the tree hold processes). Those that were moved are moved back.
    pub fn attach(&self, pids: &[i32]) -> Result<()> {
        check_ids(pids, "process")?;
        let trees: Vec<(&Tree, &str)> = self.trees.iter().map(|t| (t, "cgroup.procs")).collect();
        match (self.move_all(pids, &trees, "cgroup.procs"), &self.unit) {
            (Err(error), Some(unit)) if error.errno() == libc::EACCES => {
                by_manager(unit, &self.trees, pids)
            }
            (done, _) => done,
        }
    }

    /// Moves single threads into the group: all of them or none.
    ///
    /// v1 hierarchies take any thread. The v2 tree takes threads only in a threaded group (write
    /// `threaded` to `cgroup.type`); where there are v1 hierarchies too, a thread stays in its process's
    /// place of a v2 tree that is not threaded.
    ///
    /// # Errors
    /// As [`Cgroup::attach`], and `Unsupported` where the group is not threaded and has no v1 hierarchy.
    pub fn attach_threads(&self, tids: &[i32]) -> Result<()> {
        check_ids(tids, "thread")?;
        let takes = |tree: &&Tree| match tree.version {
            Version::V1 => true,
            Version::V2 => tree
                .dir
                .read("cgroup.type")
                .is_ok_and(|t| t.trim() == "threaded"),
        };
        let trees: Vec<(&Tree, &str)> = self
            .trees
            .iter()
            .filter(takes)
            .map(|tree| match tree.version {
                Version::V1 => (tree, "tasks"),
                Version::V2 => (tree, "cgroup.threads"),
            })
            .collect();
        if trees.is_empty() {
            // Of a removed group no file says what it takes.
            if self.is_gone() {
                return Err(self.gone());
            }
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                format!("{}: cgroup.threads", self.path()),
                "the group takes whole processes: write \"threaded\" to its cgroup.type first",
            ));
        }
        self.move_all(tids, &trees, "tasks")
    }

    fn move_all(&self, ids: &[i32], trees: &[(&Tree, &str)], back: &str) -> Result<()> {
        let place = |id: &i32| {
            let path = format!("/proc/{id}/cgroup");
            let text = kernfile::read(Path::new(&path)).map_err(|e| {
                let told = Error::from_io(&e, Stage::Cgroup, path);
                match told.kind() {
                    ErrorKind::NotFound => told.with_hint("there is no such process or thread"),
                    _ => told,
                }
            })?;
            Ok((*id, text))
        };
        let before: Vec<(i32, Vec<u8>)> = ids.iter().map(place).collect::<Result<_>>()?;
        for (moved, id) in ids.iter().enumerate() {
            for (tree, file) in trees {
                if let Err(error) = enter(tree, file, *id) {
                    put_back(&before[..=moved], back);
                    return Err(match self.is_gone() {
                        true => self.gone(),
                        false => error,
                    });
                }
            }
        }
        Ok(())
    }

    /// The processes in the group, and with `recursive` in those below it, as the caller sees them:
    /// those of another pid namespace are left out. Sorted. None once the group is removed.
    pub fn processes(&self, recursive: bool) -> Vec<i32> {
        let files = ["cgroup.procs", "cgroup.threads"];
        end::listed(&self.trees, recursive, &files)
    }

    /// The threads in the group, and with `recursive` in those below it.
    pub fn threads(&self, recursive: bool) -> Vec<i32> {
        end::listed(&self.trees, recursive, &["cgroup.threads", "tasks"])
    }
}

/// The kernel lets a user move processes only within a tree that is the user's own, and a session is none:
/// systemd may, and does so for processes of its user.
fn by_manager(unit: &Unit, trees: &[Tree], pids: &[i32]) -> Result<()> {
    let v2 = trees.iter().find(|tree| tree.version == Version::V2);
    match v2 {
        Some(tree) => unit.attach(tree.dir.path(), pids),
        None => Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            format!("unit {}", unit.name()),
            "processes can be moved in by root alone on cgroup v1",
        )),
    }
}

impl Group {
    /// Whether the calling process may let processes be born in the group, or write itself in: the kernel
    /// asks whether it may write to the group that is above both.
    pub(crate) fn takes_processes_of(&self, host: &CgroupHost) -> bool {
        let v2 = |tree: &&Tree| tree.version == Version::V2;
        let (Some(own), Some(tree)) = (host.unified(), self.trees.iter().find(v2)) else {
            return true;
        };
        if self.unit.is_none() {
            return true;
        }
        let (own, dir) = (own.dir.as_path(), tree.dir.path());
        let common = dir.ancestors().find(|above| own.starts_with(above));
        let procs = common.map(|above| above.join("cgroup.procs"));
        procs.is_some_and(|procs| {
            faccessat(AT_FDCWD, &procs, AccessFlags::W_OK, AtFlags::AT_EACCESS).is_ok()
        })
    }

    /// The same, of the calling process where it is now.
    ///
    /// # Errors
    /// As [`probe`](super::probe).
    pub(crate) fn is_open(&self) -> Result<bool> {
        match &self.unit {
            Some(_) => Ok(self.takes_processes_of(&probe::outline(|_| false)?)),
            None => Ok(true),
        }
    }

    /// Moves a process into the v2 directory. It costs a grace period of the kernel, some 10 ms.
    ///
    /// # Errors
    /// `Cgroup` stage with the path or the unit.
    pub(crate) fn adopt(&self, pid: i32) -> Result<()> {
        let v2 = |tree: &&Tree| tree.version == Version::V2;
        let Some(tree) = self.trees.iter().find(v2) else {
            return Ok(());
        };
        match (tree.dir.write("cgroup.procs", &pid.to_string()), &self.unit) {
            (Err(error), Some(unit)) if error.errno() == libc::EACCES => {
                by_manager(unit, &self.trees, &[pid])
            }
            (done, _) => done,
        }
    }
}

fn check_ids(ids: &[i32], what: &str) -> Result<()> {
    match ids.iter().find(|id| **id <= 0) {
        None => Ok(()),
        Some(wrong) => Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Cgroup,
            wrong.to_string(),
            format!("is no {what} id"),
        )),
    }
}

fn enter(tree: &Tree, file: &str, id: i32) -> Result<()> {
    let value = id.to_string();
    for _ in 1..TRIES {
        match tree.dir.write(file, &value) {
            Err(error) if error.errno() == libc::EINVAL => sleep(PAUSE),
            done => return done.map_err(|error| explain(tree, error)),
        }
    }
    tree.dir
        .write(file, &value)
        .map_err(|error| explain(tree, error))
}

fn explain(tree: &Tree, error: Error) -> Error {
    let dir = tree.dir.path().display();
    match error.errno() {
        libc::ESRCH => error.with_hint("there is no such process or thread"),
        libc::EACCES | libc::EPERM => error.with_hint(format!(
            "{dir} and the groups down to it from the one that both are below must be the caller's to \
             write"
        )),
        libc::EBUSY => error.with_hint(format!(
            "{dir} hands controllers to groups below it, so it holds no processes itself: use one below"
        )),
        libc::ENOSPC => error.with_hint(format!("{dir} has no cpus or memory nodes: set cpuset.cpus")),
        libc::EOPNOTSUPP => error.with_hint(format!(
            "{dir} is threaded or has threaded groups around it: see its cgroup.type"
        )),
        _ => error,
    }
}

/// Moves processes back to where /proc/PID/cgroup said they were, as well as that goes.
fn put_back(before: &[(i32, Vec<u8>)], file: &str) {
    let Ok(mountinfo) = probe::read_proc("/proc/self/mountinfo") else {
        return;
    };
    let mounts = parse::mountinfo(&mountinfo);
    for (id, text) in before {
        for view in parse::arrange(&mounts, &parse::memberships(text)) {
            let leaf = view.own.as_bytes().ends_with(parse::LEAF.as_bytes());
            let mut dir = view.dir.as_path().to_owned();
            if leaf && view.version == Version::V2 {
                dir.push(parse::LEAF);
            }
            let file = match (view.version, file) {
                (Version::V2, "tasks") => "cgroup.threads",
                (_, file) => file,
            };
            let _ = write::write(&dir, file, &id.to_string());
        }
    }
}
