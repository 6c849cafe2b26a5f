//! A job's own group: made, joined, written and read back as one thing across all hierarchies.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::driver::{self, Parent, Scope};
use super::place::usage_file;
use super::put::put;
use super::systemd::Unit;
use super::tree::Tree;
use super::{Cgroup, CgroupHost, UnitPlan, Version, end, events, measure, told};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::job::{Enforcement, Usage};
use crate::spec::Bytes;

/// One value for one cgroup file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Index into [`CgroupHost::hierarchies`].
    pub hierarchy: usize,
    /// The file's name in the group's directory.
    pub file: String,
    /// The text to write.
    pub value: String,
    /// The limit of the spec that asks for it, such as `memory`.
    pub limit: String,
    /// Another limit that the same value holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// Another file for the same, with its value: of the two those are written that the group has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or: Option<(String, String)>,
    /// The file that tells what is in force, where `file` may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
    /// Whether a failure to write it is recorded instead of ending the launch.
    pub best_effort: bool,
}

/// What group a job gets: directories and writes, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPlan {
    /// Indices into [`CgroupHost::hierarchies`]: where the job has a directory.
    pub hierarchies: Vec<usize>,
    /// v2 controllers to enable for groups below the caller's own.
    pub enable: Vec<String>,
    /// The writes, in order.
    pub writes: Vec<Write>,
    /// Whether the init is in the v2 directory too: it is taken off what is measured there.
    #[serde(default)]
    pub with_init: bool,
    /// Whether the init has to kill the whole job when its v1 group is out of memory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oom_by_init: bool,
    /// The unit of systemd's that the directories are in; without one they are below the caller's own
    /// cgroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitPlan>,
}

/// A job's group on this host. Dropping it removes nothing: [`Group::remove`] does.
#[derive(Debug)]
pub struct Group {
    pub(super) trees: Vec<Tree>,
    /// The hierarchy of each tree that was made at first: an index into [`CgroupHost::hierarchies`].
    indices: Vec<usize>,
    writes: Vec<Write>,
    pub(super) with_init: bool,
    pub(super) unit: Option<Arc<Unit>>,
}

impl Group {
    /// Makes the directories of `plan` under a name of their own, `isolate-PID-START-N`, where PID and
    /// START (clock ticks since boot) tell this process from every other: below the caller's cgroup, or
    /// below a scope that systemd makes for it. The first one that a process makes also takes away what
    /// killed processes have left below its cgroup.
    ///
    /// Controllers that it enables for the groups below the caller's own stay enabled.
    ///
    /// # Errors
    /// `Cgroup` stage with the path or the unit; whatever was made is gone again.
    pub fn create(host: &CgroupHost, plan: &GroupPlan) -> Result<Group> {
        let (pid, start) = owner()?;
        let busy = |error: &Error| error.errno() == libc::EEXIST || error.kind() == ErrorKind::Busy;
        let mut last = None;
        // Two processes of different pid namespaces may have the same name for themselves.
        for _ in 0..64 {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("isolate-{pid}-{start}-{number}");
            let named = plan.unit.as_ref().is_some_and(|unit| unit.name.is_some());
            match Group::create_as(host, plan, &name) {
                Err(error) if busy(&error) && !named => last = Some(error),
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| {
            let detail = "no free name for a group";
            Error::new(ErrorKind::Busy, Stage::Cgroup, "isolate-*", detail)
        }))
    }

    fn create_as(host: &CgroupHost, plan: &GroupPlan, name: &str) -> Result<Group> {
        let mut hierarchies = Vec::with_capacity(plan.hierarchies.len());
        for index in &plan.hierarchies {
            let hierarchy = host.hierarchies.get(*index).ok_or_else(|| {
                let detail = "the plan is of another host";
                Error::new(ErrorKind::Internal, Stage::Cgroup, "", detail)
            })?;
            hierarchies.push((*index, hierarchy));
        }
        let unit = match &plan.unit {
            Some(wanted) => {
                let scope = format!("{name}.scope");
                let scope = wanted.name.as_deref().unwrap_or(&scope);
                Some(Arc::new(Unit::start(wanted, scope, host)?))
            }
            None => None,
        };
        if let (Some(unit), Some(true)) = (&unit, plan.unit.as_ref().map(|unit| unit.alone)) {
            hierarchies.retain(|(index, _)| unit.dir(*index).is_some());
        }
        // What systemd does not manage is below the caller's own group.
        let scopes: Vec<Option<Scope>> = hierarchies
            .iter()
            .map(|(index, hierarchy)| Scope::of(unit.as_ref()?.dir(*index)?, hierarchy))
            .collect();
        let parents: Vec<Parent<'_>> = hierarchies
            .iter()
            .zip(&scopes)
            .map(|((_, hierarchy), scope)| match scope {
                Some(scope) => scope.parent(hierarchy),
                None => Parent::own(hierarchy),
            })
            .collect();
        static SWEPT: AtomicBool = AtomicBool::new(false);
        if !SWEPT.swap(true, Ordering::Relaxed) {
            for (parent, _) in parents.iter().zip(&scopes).filter(|(_, s)| s.is_none()) {
                end::sweep(parent.dir());
            }
        }
        let made = driver::make(&parents, &plan.enable, name);
        let trees = made.inspect_err(|_| {
            // The first failure is the one to tell.
            if let Some(unit) = &unit {
                let _ = unit.end();
            }
        })?;
        Ok(Group {
            trees,
            indices: hierarchies.iter().map(|(index, _)| *index).collect(),
            writes: plan.writes.clone(),
            with_init: plan.with_init,
            unit,
        })
    }

    /// Descriptors to which the job itself writes "0" to join: v1 `tasks` of each hierarchy. The v2
    /// directory is not among them where [`Group::birth_fd`] can be used.
    ///
    /// A single-threaded process joins with them whole: `tasks` takes one thread each.
    ///
    /// # Errors
    /// `Cgroup` stage with the path.
    pub fn join_fds(&self, include_unified: bool) -> Result<Vec<OwnedFd>> {
        self.trees
            .iter()
            .filter(|tree| include_unified || tree.version == Version::V1)
            .map(|tree| match tree.version {
                Version::V1 => tree.dir.descriptor("tasks", true),
                Version::V2 => tree.dir.descriptor("cgroup.procs", true),
            })
            .collect()
    }

    /// The v2 directory for `CLONE_INTO_CGROUP`.
    pub fn birth_fd(&self) -> Option<BorrowedFd<'_>> {
        self.trees
            .iter()
            .find(|tree| tree.version == Version::V2)
            .map(|tree| tree.dir.as_fd())
    }

    /// Writes the limits and reads them back into `enforcement`; the entry `cgroup` gets the
    /// directories.
    ///
    /// # Errors
    /// `Cgroup` stage, `file: "value"` as the subject, for a limit that must hold.
    pub fn write_limits(&self, enforcement: &mut Enforcement) -> Result<()> {
        if let Some(entry) = enforcement.iter_mut().find(|e| e.name == "cgroup") {
            let dirs: Vec<String> = self
                .trees
                .iter()
                .map(|tree| tree.dir.path().display().to_string())
                .collect();
            entry.value = Some(dirs.join(" "));
        }
        if let (Some(unit), Some(entry)) = (
            &self.unit,
            enforcement.iter_mut().find(|e| e.name == "unit"),
        ) {
            entry.value = Some(unit.name().to_owned());
        }
        // Limits that were refused, which the rest of their files is left out for.
        let mut skipped: Vec<&str> = Vec::new();
        for write in &self.writes {
            if skipped.contains(&write.limit.as_str()) {
                continue;
            }
            let done = self.put(write);
            if let (Err(error), false) = (&done, write.best_effort) {
                return Err(error.clone());
            }
            if done.is_err() {
                skipped.push(&write.limit);
            }
            for name in std::iter::once(&write.limit).chain(&write.also) {
                let Some(entry) = enforcement.iter_mut().find(|e| e.name == *name) else {
                    continue;
                };
                match (&done, self.tree_of(write.hierarchy)) {
                    (Ok(done), Some(tree)) => told::in_force(entry, tree, done, self.with_init),
                    (Ok(_), None) => {}
                    (Err(error), _) => told::skipped(entry, error),
                }
            }
        }
        Ok(())
    }

    /// Writes one value and gives the file that holds it, and what is in force then.
    fn put(&self, write: &Write) -> Result<(String, String)> {
        let Some(tree) = self.tree_of(write.hierarchy) else {
            return Err(Error::new(
                ErrorKind::Internal,
                Stage::Cgroup,
                write.file.as_str(),
                "the group has no directory in its hierarchy",
            ));
        };
        let or = write.or.as_ref().map(|(f, v)| (f.as_str(), v.as_str()));
        put(
            tree,
            &write.file,
            &write.value,
            or,
            write.told_by.as_deref(),
        )
    }

    fn tree_of(&self, hierarchy: usize) -> Option<&Tree> {
        let at = self.indices.iter().position(|index| *index == hierarchy)?;
        self.trees.get(at)
    }

    /// A descriptor of the file that tells the group's CPU time, and whether it is v2's `cpu.stat`
    /// (a line `usage_usec N`) or v1's `cpuacct.usage` (nanoseconds).
    pub fn cpu_usage_fd(&self) -> Option<(OwnedFd, bool)> {
        let tree = self.usage_tree()?;
        let fd = tree.dir.descriptor(usage_file(tree.version), false).ok()?;
        Some((fd, tree.version == Version::V2))
    }

    /// cpuacct before the v2 tree: the init is never in it.
    pub(super) fn usage_tree(&self) -> Option<&Tree> {
        self.trees
            .iter()
            .find(|t| t.has("cpuacct"))
            .or_else(|| self.trees.iter().find(|t| t.version == Version::V2))
    }

    /// An eventfd that tells when the group is out of memory, on v1.
    ///
    /// # Errors
    /// `Cgroup` stage, `Unsupported` without a v1 memory directory.
    pub(crate) fn oom_events(&self) -> Result<OwnedFd> {
        let v1 = |tree: &&Tree| tree.version == Version::V1 && tree.has("memory");
        match self.trees.iter().find(v1) {
            Some(tree) => events::oom_eventfd(tree),
            None => Err(Error::new(
                ErrorKind::Internal,
                Stage::Cgroup,
                "memory.oom_control",
                "the group has no v1 memory directory",
            )),
        }
    }

    /// How many processes the out of memory killer ended in the group so far.
    pub fn oom_kills(&self) -> Option<u64> {
        measure::oom_kills(self)
    }

    /// Fills in what the group measured.
    pub fn measure(&self, usage: &mut Usage) {
        measure::fill(self, usage);
    }

    /// Kills every process in the group, forked ones included, frozen ones too.
    ///
    /// With `cgroup.kill` it returns at once; the processes are as good as dead. On v1 alone it
    /// returns when none is left, after 10 seconds at most.
    ///
    /// # Errors
    /// `Cgroup` stage with the path.
    pub fn kill(&self) -> Result<()> {
        end::kill(&self.trees)
    }

    /// The processes in the group and in those below it, as the caller sees them; those of another
    /// pid namespace that the caller does not see are left out.
    pub fn processes(&self) -> Vec<i32> {
        end::processes(&self.trees)
    }

    /// The group as a handle of its own.
    ///
    /// # Errors
    /// `Limit` when there are no more descriptors.
    pub fn handle(&self) -> Result<Cgroup> {
        let tree = |tree: &Tree| {
            Ok(Tree {
                version: tree.version,
                controllers: tree.controllers.clone(),
                name: tree.name.clone(),
                dir: tree.dir.try_clone()?,
            })
        };
        let trees: Vec<Tree> = self.trees.iter().map(tree).collect::<Result<_>>()?;
        let dir = trees.first().and_then(|tree| tree.dir.path().file_name());
        let name = dir.map(|name| name.to_string_lossy().into_owned());
        let mut handle = Cgroup::of_trees(name.unwrap_or_default(), trees);
        handle.unit.clone_from(&self.unit);
        Ok(handle)
    }

    /// Removes the directories, with bounded retries (half a second) while the last processes go.
    ///
    /// # Errors
    /// `Cgroup` stage, `Busy` with the path that would not go; the others are gone.
    pub fn remove(&self) -> Result<()> {
        let removed = end::remove(self.trees.iter().map(|tree| tree.dir.path()));
        match &self.unit {
            Some(unit) => removed.and(unit.end()),
            None => removed,
        }
    }

    /// The group's directories, one for each hierarchy.
    pub fn dirs(&self) -> Vec<Bytes> {
        self.trees
            .iter()
            .map(|tree| Bytes::from(tree.dir.path()))
            .collect()
    }
}

/// The pid of this process and when it started, in clock ticks since boot.
fn owner() -> Result<(u32, u64)> {
    // Both in one word, 22 bits of pid: the file takes the longer to read the more threads there
    // are, and a fork of this process must not go by its parent's name.
    static OWNER: AtomicU64 = AtomicU64::new(0);
    let pid = std::process::id();
    let known = OWNER.load(Ordering::Relaxed);
    if known >> 42 == u64::from(pid) && known != 0 {
        return Ok((pid, known & ((1 << 42) - 1)));
    }
    const PATH: &str = "/proc/self/stat";
    let text =
        std::fs::read_to_string(PATH).map_err(|e| Error::from_io(&e, Stage::Cgroup, PATH))?;
    let start = start_time(&text).ok_or_else(|| {
        Error::new(
            ErrorKind::Other,
            Stage::Cgroup,
            PATH,
            "it has no start time",
        )
    })?;
    OWNER.store(
        u64::from(pid) << 42 | start & ((1 << 42) - 1),
        Ordering::Relaxed,
    );
    Ok((pid, start))
}

/// Field 22 of a /proc/PID/stat text; the second field may hold blanks and parentheses.
pub(super) fn start_time(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_times() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 11 12";
        assert_eq!(start_time(stat), Some(98_765));
        assert_eq!(start_time("12 (a) S 1"), None);
        assert_eq!(start_time(""), None);
    }

    #[test]
    fn the_owner_is_this_process() {
        let (pid, start) = owner().expect("/proc is readable");
        assert_eq!(pid, std::process::id());
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("own stat");
        assert_eq!(start_time(&stat), Some(start));
        assert_eq!(
            owner().ok(),
            Some((pid, start)),
            "the second time from memory"
        );
    }
}
