//! What the job sees: namespaces, user and group ids, clock offsets, capabilities and the filter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Bytes;
use crate::ns::Kind;

/// How much isolation a spec starts from; every word of the spec then changes one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// Everything closed: all eight namespaces, a root of the host's system directories only
    /// (read-only), no network but loopback, no capabilities, no new privileges, the default system
    /// call filter, a clean environment, a new session and a cgroup with a pids limit.
    #[default]
    Strict,
    /// Nothing but what the spec names: bare primitives.
    None,
}

/// Whether the job has a namespace of its own, or enters one that is there.
///
/// To enter one takes CAP_SYS_ADMIN over it: that of the caller, or, where the job enters its user
/// namespace too, whatever that gives (setns(2)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NamespaceMode {
    /// A new one; where the host cannot make it the job does not start.
    New,
    /// A new one where the host can make it, else the caller's; the enforcement tells which.
    Try,
    /// The caller's.
    Host,
    /// That at a path, such as /run/netns/NAME or /proc/PID/ns/net.
    Path(Bytes),
    /// That of a descriptor of the caller's, which stays the caller's.
    Fd(i32),
}

impl NamespaceMode {
    /// Whether the job enters one that is there.
    pub fn is_joined(&self) -> bool {
        matches!(self, NamespaceMode::Path(_) | NamespaceMode::Fd(_))
    }
}

/// The eight namespaces (namespaces(7)). One that is not named follows the profile: `new` under
/// `strict`, `host` under `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Namespaces {
    /// The cgroup root that the job sees (cgroup_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<NamespaceMode>,
    /// System V IPC and POSIX message queues (ipc_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc: Option<NamespaceMode>,
    /// Network devices, addresses, ports (network_namespaces(7)); a new one has only `lo`, up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<NamespaceMode>,
    /// Mounts (mount_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mnt: Option<NamespaceMode>,
    /// Process ids (pid_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<NamespaceMode>,
    /// Monotonic and boot-time clocks (time_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<NamespaceMode>,
    /// User and group ids and capabilities (user_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<NamespaceMode>,
    /// Host and domain name (uts_namespaces(7)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uts: Option<NamespaceMode>,
}

impl Namespaces {
    /// What is said of a kind.
    pub fn get(&self, kind: Kind) -> Option<&NamespaceMode> {
        match kind {
            Kind::Cgroup => &self.cgroup,
            Kind::Ipc => &self.ipc,
            Kind::Net => &self.net,
            Kind::Mnt => &self.mnt,
            Kind::Pid => &self.pid,
            Kind::Time => &self.time,
            Kind::User => &self.user,
            Kind::Uts => &self.uts,
        }
        .as_ref()
    }

    /// Says something of a kind.
    pub fn set(&mut self, kind: Kind, mode: NamespaceMode) {
        *match kind {
            Kind::Cgroup => &mut self.cgroup,
            Kind::Ipc => &mut self.ipc,
            Kind::Net => &mut self.net,
            Kind::Mnt => &mut self.mnt,
            Kind::Pid => &mut self.pid,
            Kind::Time => &mut self.time,
            Kind::User => &mut self.user,
            Kind::Uts => &mut self.uts,
        } = Some(mode);
    }
}

/// One line of a uid or gid map: `count` ids from `inside` on are `outside` and following for the
/// caller's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdMap {
    /// First id inside the job.
    pub inside: u32,
    /// First id outside, as the caller sees it.
    pub outside: u32,
    /// How many, at least 1.
    pub count: u32,
}

/// Offsets of the time namespace's clocks, in seconds, negative allowed (time_namespaces(7)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOffsets {
    /// Added to CLOCK_MONOTONIC, seconds.
    pub monotonic: f64,
    /// Added to CLOCK_BOOTTIME, seconds.
    pub boottime: f64,
}

impl TimeOffsets {
    /// Refuses what no clock can be moved by: the kernel lets none run into its second half
    /// (time_namespaces(7)).
    pub(crate) fn check(self) -> Result<(), (&'static str, String)> {
        for (clock, value) in [("monotonic", self.monotonic), ("boottime", self.boottime)] {
            if !value.is_finite() || value.abs() > 4.6e9 {
                return Err((clock, format!("{value} is not within 4.6e9 seconds")));
            }
        }
        Ok(())
    }
}

/// The job's network, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Net {
    /// A network namespace with nothing but `lo`.
    None,
    /// The caller's network.
    Host,
}

/// The system call filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seccomp {
    /// The library's short deny-list: see docs/sandbox.md.
    Default,
    /// No filter.
    Off,
}

/// Whether the job gets a cgroup of its own, below the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CgroupMode {
    /// A new one; where the host cannot make it the job does not start.
    New,
    /// A new one where the host can make it.
    Try,
    /// None; a limit that needs one is an error.
    None,
}

/// Who makes the job's cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Driver {
    /// systemd where it manages the caller's own cgroup, else this library.
    #[default]
    Auto,
    /// This library, by directories below the caller's own cgroup.
    Cgroupfs,
    /// systemd, as a transient scope of its system manager (root) or of the caller's user manager.
    Systemd,
}
