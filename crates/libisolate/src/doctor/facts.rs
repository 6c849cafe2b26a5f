//! What was looked up, as plain data.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::host::Host;
use crate::job::Enforcement;
use crate::ns::{Kind, SubordinateIds};

/// Everything that a diagnosis is made of.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// `uname -r`
    pub kernel: String,
    /// `uname -m`
    pub machine: String,
    /// What the library itself finds, or why it cannot.
    pub host: Result<Host>,
    pub guards: Guards,
    pub proc: Proc,
    /// user.max_KIND_namespaces.
    pub most: BTreeMap<Kind, u64>,
    pub ids: Ids,
    pub groups: Groups,
    pub systemd: Systemd,
    pub tries: Tries,
}

/// What holds the calling thread back.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    /// PR_GET_NO_NEW_PRIVS.
    pub no_new_privs: bool,
    /// Whether there is a system call filter (PR_GET_SECCOMP).
    pub filter: bool,
    /// The calls that jobs need and that the filter refuses whatever they are asked.
    pub refused: Vec<&'static str>,
}

/// /proc.
#[derive(Clone, Debug, Default)]
pub(super) struct Proc {
    /// Whether /proc/sys is there.
    pub sys: bool,
    /// Every mounted proc whose root is seen.
    pub mounts: Vec<ProcMount>,
    /// vm.memfd_noexec, Linux 6.3.
    pub memfd_noexec: Option<u64>,
    /// The errno of reading /proc/pressure/cpu, where it cannot be read.
    pub pressure: Option<i32>,
}

/// A mounted proc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProcMount {
    pub point: String,
    pub read_only: bool,
    /// What is mounted over parts of it.
    pub covered: Vec<String>,
}

/// Who may map which ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    pub uid: u32,
    pub gid: u32,
    /// The user's name, where it has one.
    pub name: Option<String>,
    /// newuidmap(1) and newgidmap(1).
    pub programs: [Option<Program>; 2],
    /// /etc/subuid and /etc/subgid for this user, or why they cannot be read.
    pub subordinate: Option<Result<SubordinateIds>>,
    /// The first id above all that the two files give away.
    pub free: u32,
}

/// A program that works by rights of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub path: String,
    /// Its owner, where it has the setuid bit.
    pub setuid: Option<u32>,
    /// Whether it has file capabilities.
    pub capabilities: bool,
    /// Whether its mount has nosuid.
    pub nosuid: bool,
}

/// What is known of cgroups beside the host's own facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// /proc/cgroups: name, whether a v1 hierarchy has it, whether it is switched on.
    pub kernel: Vec<(String, bool, bool)>,
    /// `cgroup.controllers` where the v2 tree is mounted.
    pub root: Vec<String>,
    /// The container that this process is in, as files of container engines tell.
    pub container: Option<String>,
}

/// systemd, as far as files tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Systemd {
    /// /run/systemd/system, as sd_booted(3) asks.
    pub booted: bool,
    /// What the caller's own manager says of its version, where it was asked; else why it does not answer.
    pub version: Option<Result<u32, String>>,
    /// Whether it makes the group of a job that names nobody.
    pub makes_groups: bool,
    /// Sockets by which a manager can be reached, with the errno of connecting.
    pub sockets: Vec<Socket>,
    /// XDG_RUNTIME_DIR.
    pub runtime_dir: Option<String>,
    /// /run/user/UID, where it is there.
    pub user_dir: Option<String>,
    /// The innermost unit around the caller, by its cgroup's path.
    pub unit: Option<String>,
    /// Whether that unit is delegated, where it can be told.
    pub delegated: Option<bool>,
}

/// A socket of a manager.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub whose: Manager,
    pub path: String,
    /// The errno of connect(2).
    pub answer: Result<(), i32>,
}

/// Whose manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// The system's, by the system bus.
    SystemBus,
    /// The system's, directly; for root alone.
    SystemPrivate,
    /// The user's, by the user's bus.
    UserBus,
    /// The user's, directly.
    UserPrivate,
}

/// What was tried for real.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    /// Making each kind of namespace.
    pub namespaces: BTreeMap<Kind, Result<()>>,
    /// An overlay in a user namespace.
    pub overlay: Result<()>,
    /// Loading a program that guards devices.
    pub devices: Result<()>,
    /// A default job.
    pub job: Result<Ran>,
    /// A job with limits, and what was told of each.
    pub limits: Result<Enforcement>,
}

/// How a job went.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub program: String,
    /// Whether it ended well.
    pub well: bool,
    pub evidence: String,
}
