//! The cgroup trees of a host: which controllers are mounted where, and where the caller is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::systemd::{Manager, SystemdHost};
use crate::spec::Bytes;

/// The version of a hierarchy's interface (cgroups(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CgroupVersion")]
pub enum Version {
    /// One hierarchy for each controller or group of controllers.
    V1,
    /// The unified hierarchy.
    V2,
}

/// How the host has arranged its controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// No cgroup file system is mounted, or the caller cannot see one.
    None,
    /// v1 hierarchies only.
    Legacy,
    /// v1 hierarchies and a v2 tree, with or without controllers on it.
    Hybrid,
    /// The v2 tree only.
    Unified,
}

/// One mounted cgroup tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    /// v1 or v2.
    pub version: Version,
    /// v1: the controllers it was mounted with. v2: those available in the caller's own cgroup
    /// (`cgroup.controllers`).
    pub controllers: Vec<String>,
    /// The name of a v1 hierarchy without controllers (`name=systemd` is `systemd`).
    pub name: Option<String>,
    /// Where it is mounted.
    pub mount: Bytes,
    /// The caller's own cgroup in it, as /proc/self/cgroup tells.
    pub own: Bytes,
    /// The directory of the caller's own cgroup: groups are made below it. Of a caller that is in a
    /// leaf ([`move_to_leaf`](super::move_to_leaf)), the directory above the leaf. Empty where the
    /// mount does not show it.
    pub dir: Bytes,
    /// Whether the caller may make directories in `dir`.
    pub writable: bool,
    /// v2: the controllers that groups below `dir` have now (`cgroup.subtree_control`).
    pub enabled: Vec<String>,
    /// v2: whether controllers that are not enabled yet can be: `dir` is the root of the tree, or
    /// holds no process, and its `cgroup.subtree_control` is writable.
    pub can_enable: bool,
    /// Why not `writable` or not `can_enable`, with what to do.
    pub reason: Option<String>,
}

/// The cgroup trees of a host, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupHost {
    /// How the controllers are arranged.
    pub layout: Layout,
    /// Every mounted tree that the caller can see.
    pub hierarchies: Vec<Hierarchy>,
    /// Whether the kernel has `cgroup.kill` (Linux 5.14) in the v2 tree.
    pub has_kill: bool,
    /// Whether swap is accounted (`memory.swap.max`, `memory.memsw.limit_in_bytes` exist).
    pub swap_accounting: bool,
    /// Whether a swap device is in use (/proc/swaps): without one a job cannot swap.
    #[serde(default)]
    pub swap_device: bool,
    /// The lowest `pids.max` of the caller's own cgroup and of those above it that can be seen: a
    /// group below cannot have more.
    #[serde(default)]
    pub pids_allowed: Option<u64>,
    /// systemd, where it is or the environment names its bus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systemd: Option<SystemdHost>,
    /// Whose units the trees are shown for, where they are not shown as the caller's own groups are
    /// ([`CgroupHost::through`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_for: Option<Manager>,
}

impl CgroupHost {
    /// The hierarchy that holds a controller on this host, v1 or v2.
    pub fn controller(&self, name: &str) -> Option<&Hierarchy> {
        self.hierarchies
            .iter()
            .find(|h| h.controllers.iter().any(|c| c == name))
    }

    /// The v2 tree, with or without controllers.
    pub fn unified(&self) -> Option<&Hierarchy> {
        self.hierarchies.iter().find(|h| h.version == Version::V2)
    }
}
