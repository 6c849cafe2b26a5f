//! A job's own group: made, written, read back, measured, killed and removed as one thing across all
//! hierarchies.

use std::os::fd::{BorrowedFd, OwnedFd};

use serde::{Deserialize, Serialize};

use super::CgroupHost;
use crate::error::Result;
use crate::job::{Enforcement, Usage};
use crate::spec::{Bytes, CgroupMode, Limits};

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
}

/// What the limits mean on this host.
///
/// `init_counts` is 1 where the init shares the job's group (v2) and must not use up the job's pids.
/// Returns no group where none is wanted or a `try` cannot be met.
///
/// # Errors
/// `InvalidSpec` for values out of range, `Unsupported` or `Permission` for limits that must hold and
/// cannot.
pub fn plan_group(
    limits: &Limits,
    mode: CgroupMode,
    host: &CgroupHost,
    with_init: bool,
) -> Result<(Option<GroupPlan>, Enforcement)> {
    let _ = (limits, mode, host, with_init);
    unimplemented!("cgroup group plan")
}

/// A job's group on this host. Dropping it removes nothing: [`Group::remove`] does.
#[derive(Debug)]
pub struct Group {}

impl Group {
    /// Makes the directories of `plan` under a name of their own below the caller's cgroup.
    ///
    /// # Errors
    /// `Cgroup` stage with the path; whatever was made is gone again.
    pub fn create(host: &CgroupHost, plan: &GroupPlan) -> Result<Group> {
        let _ = (host, plan);
        unimplemented!("cgroup group")
    }

    /// Descriptors to which the job itself writes "0" to join: v1 `tasks` of each hierarchy. The v2
    /// directory is not among them where [`Group::birth_fd`] can be used.
    ///
    /// # Errors
    /// `Cgroup` stage with the path.
    pub fn join_fds(&self, include_unified: bool) -> Result<Vec<OwnedFd>> {
        let _ = include_unified;
        unimplemented!("cgroup group")
    }

    /// The v2 directory for `CLONE_INTO_CGROUP`.
    pub fn birth_fd(&self) -> Option<BorrowedFd<'_>> {
        unimplemented!("cgroup group")
    }

    /// Writes the limits and reads them back into `enforcement`.
    ///
    /// # Errors
    /// `Cgroup` stage, `file: "value"` as the subject, for a limit that must hold.
    pub fn write_limits(&self, enforcement: &mut Enforcement) -> Result<()> {
        let _ = enforcement;
        unimplemented!("cgroup group")
    }

    /// A descriptor of the file that tells the group's CPU time, and whether it is v2's `cpu.stat`
    /// (a line `usage_usec N`) or v1's `cpuacct.usage` (nanoseconds).
    pub fn cpu_usage_fd(&self) -> Option<(OwnedFd, bool)> {
        unimplemented!("cgroup group")
    }

    /// How many processes the out of memory killer ended in the group so far.
    pub fn oom_kills(&self) -> Option<u64> {
        unimplemented!("cgroup group")
    }

    /// Fills in what the group measured.
    pub fn measure(&self, usage: &mut Usage) {
        let _ = usage;
        unimplemented!("cgroup group")
    }

    /// Kills every process in the group, forked ones included, frozen ones too.
    ///
    /// # Errors
    /// `Cgroup` stage with the path.
    pub fn kill(&self) -> Result<()> {
        unimplemented!("cgroup group")
    }

    /// Removes the directories, with bounded retries while the last processes go.
    ///
    /// # Errors
    /// `Cgroup` stage, `Busy` with the path that would not go.
    pub fn remove(&self) -> Result<()> {
        unimplemented!("cgroup group")
    }

    /// The group's directories, one for each hierarchy.
    pub fn dirs(&self) -> Vec<Bytes> {
        unimplemented!("cgroup group")
    }
}
