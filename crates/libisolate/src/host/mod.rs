//! The host: what this kernel, cgroup tree and user can do, as plain data.
//!
//! [`Host::probe`] looks once; [`plan`](crate::plan::plan) reads nothing else, so a saved host gives
//! the same plan anywhere.

mod current;
mod namespace;
mod probe;
mod saved;

pub(crate) use current::current;
pub(crate) use namespace::unknown;
#[cfg(test)]
pub(crate) use namespace::{Found, Switches, support};
pub(crate) use probe::has_filter;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cgroup::{CgroupHost, DeviceFact};
use crate::error::Result;
use crate::ns::IdMaps;
use crate::ns::{Kind, SubordinateIds};
use crate::spec::{Bytes, Spec};

/// What the kernel can do, found out by asking it, not by its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Features {
    /// clone3(2), Linux 5.3; container filters often refuse it.
    pub clone3: bool,
    /// pidfd_open(2), Linux 5.3.
    pub pidfd: bool,
    /// openat2(2), Linux 5.6.
    pub openat2: bool,
    /// open_tree(2), move_mount(2), fsopen(2), Linux 5.2.
    pub mount_api: bool,
    /// mount_setattr(2), Linux 5.12.
    pub mount_setattr: bool,
    /// close_range(2), Linux 5.9.
    pub close_range: bool,
    /// Executable memfds: `false` where vm.memfd_noexec is 2.
    pub memfd_exec: bool,
    /// seccomp(2) with filters.
    pub seccomp_filter: bool,
}

/// Whether a namespace kind can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceSupport {
    /// Whether the kernel knows the kind (/proc/self/ns).
    pub known: bool,
    /// Whether this caller can make one, alone or inside a user namespace of its own.
    pub creatable: bool,
    /// Why not, with what to do.
    pub reason: Option<String>,
    /// The inode number of the caller's own.
    pub inode: Option<u64>,
}

/// The calling process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities, bit by number.
    pub capabilities: u64,
    /// The ids that the caller's own user namespace maps: (first inside, count), from /proc/self/uid_map.
    pub mapped_uids: Vec<(u32, u32)>,
    /// The same for groups.
    pub mapped_gids: Vec<(u32, u32)>,
    /// Whether the caller's user namespace has setgroups(2) denied, for it and all below it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub setgroups_denied: bool,
    /// The ids that an ordinary caller may map besides its own, once a spec that maps ids was looked at
    /// ([`Host::refresh`]).
    #[serde(skip_serializing_if = "SubordinateIds::is_empty")]
    pub subordinate: SubordinateIds,
    /// Where newuidmap(1) is, which writes maps of such user ids; looked for with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newuidmap: Option<Bytes>,
    /// The same for groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newgidmap: Option<Bytes>,
    /// Working directory.
    pub cwd: Bytes,
    /// Environment, once a spec that passes some of it on was looked at ([`Host::refresh`]).
    pub env: BTreeMap<String, Bytes>,
}

impl Caller {
    /// Whether the caller has the capability with this number (linux/capability.h).
    pub fn capable(&self, capability: u32) -> bool {
        self.capabilities & (1 << capability) != 0
    }

    /// Whether the caller may change its ids and map those of others.
    pub(crate) fn may_set_ids(&self) -> bool {
        const CAP_SETGID: u32 = 6;
        const CAP_SETUID: u32 = 7;
        self.capable(CAP_SETUID) && self.capable(CAP_SETGID)
    }

    /// The names of the capabilities that the caller has, such as `sys_admin`; a spec takes the same.
    pub fn capability_names(&self) -> Vec<String> {
        (0..64)
            .filter(|number| self.capable(*number))
            .map(
                |number| match crate::plan::CAPABILITIES.get(number as usize) {
                    Some(name) => (*name).to_owned(),
                    None => number.to_string(),
                },
            )
            .collect()
    }
}

/// What a path of the host is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathFact {
    /// Nothing there (or out of the caller's reach: the errno says which).
    Missing(i32),
    /// A directory, after following links.
    Dir,
    /// Anything else, after following links.
    File,
    /// A symbolic link, with its text (only for the system directories of the root).
    Link(Bytes),
}

/// What this kernel, cgroup tree and user can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Kernel release, as `uname -r`.
    pub kernel: String,
    /// Machine, as `uname -m`.
    pub machine: String,
    /// What the kernel can do.
    pub features: Features,
    /// The eight namespaces by kind.
    pub namespaces: BTreeMap<Kind, NamespaceSupport>,
    /// The cgroup trees.
    pub cgroup: CgroupHost,
    /// The calling process.
    pub caller: Caller,
    /// The highest capability number the kernel knows (/proc/sys/kernel/cap_last_cap).
    pub last_capability: u32,
    /// Page size in bytes.
    pub page_size: u64,
    /// CPUs online.
    pub cpus: u32,
    /// First of the 65536 ids that a root caller's job is shifted to; a launch picks a fresh one.
    #[serde(default)]
    pub shift_base: u32,
    /// The ids of a user namespace that the spec says to enter ([`Host::refresh`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_ids: Option<IdMaps>,
    /// What the paths are that a spec and the default root name.
    #[serde(with = "saved::paths")]
    pub paths: BTreeMap<Bytes, PathFact>,
    /// What the devices are that a spec's limits name by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub devices: BTreeMap<String, DeviceFact>,
}

impl Host {
    /// Looks at this host and this caller.
    ///
    /// # Errors
    /// `Host` stage, when /proc is not mounted or cannot be read.
    pub fn probe() -> Result<Host> {
        probe::host()
    }

    /// Looks at the paths that `spec` names, and at the caller, which may have changed since.
    ///
    /// # Errors
    /// As [`Host::probe`].
    pub fn refresh(&mut self, spec: &Spec) -> Result<()> {
        probe::refresh(self, spec)
    }

    /// What a path is; a path that was not looked at counts as missing.
    pub fn path(&self, path: &Bytes) -> PathFact {
        self.paths
            .get(path)
            .cloned()
            .unwrap_or(PathFact::Missing(libc::ENOENT))
    }

    /// What a path that limits name is; one that was not looked at counts as missing.
    pub fn device(&self, path: &str) -> DeviceFact {
        let known = self.devices.get(path).cloned();
        known.unwrap_or(DeviceFact::Missing(libc::ENOENT))
    }
}
