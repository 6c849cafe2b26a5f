//! The eight kinds of namespaces, with the names and flags the kernel gives them (namespaces(7)).

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, Stage};

/// A kind of namespace.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NamespaceKind")]
pub enum Kind {
    /// The cgroup root (cgroup_namespaces(7)), Linux 4.6.
    Cgroup,
    /// System V IPC and POSIX message queues (ipc_namespaces(7)), Linux 2.6.19.
    Ipc,
    /// Network devices, addresses, ports (network_namespaces(7)), Linux 2.6.24.
    Net,
    /// Mounts (mount_namespaces(7)), Linux 2.4.19.
    Mnt,
    /// Process ids (pid_namespaces(7)), Linux 2.6.24.
    Pid,
    /// Monotonic and boot-time clocks (time_namespaces(7)), Linux 5.6.
    Time,
    /// User and group ids, capabilities (user_namespaces(7)), Linux 3.8.
    User,
    /// Host and domain name (uts_namespaces(7)), Linux 2.6.19.
    Uts,
}

impl Kind {
    /// All eight, in the order of their declaration.
    pub const ALL: [Kind; 8] = [
        Kind::Cgroup,
        Kind::Ipc,
        Kind::Net,
        Kind::Mnt,
        Kind::Pid,
        Kind::Time,
        Kind::User,
        Kind::Uts,
    ];

    /// The name under /proc/PID/ns.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Cgroup => "cgroup",
            Kind::Ipc => "ipc",
            Kind::Net => "net",
            Kind::Mnt => "mnt",
            Kind::Pid => "pid",
            Kind::Time => "time",
            Kind::User => "user",
            Kind::Uts => "uts",
        }
    }

    /// What it isolates, in a few words.
    pub fn isolates(self) -> &'static str {
        match self {
            Kind::Cgroup => "the root of the cgroup tree",
            Kind::Ipc => "System V IPC and POSIX message queues",
            Kind::Net => "network devices, addresses, routes, ports and rules",
            Kind::Mnt => "mounts",
            Kind::Pid => "process ids",
            Kind::Time => "the monotonic and boot-time clocks",
            Kind::User => "user and group ids, capabilities and keyrings",
            Kind::Uts => "host name and NIS domain name",
        }
    }

    /// The first Linux that has the kind as a namespace of its own, such as "4.6".
    pub fn since(self) -> &'static str {
        match self {
            Kind::Cgroup => "4.6",
            Kind::Ipc | Kind::Uts => "2.6.19",
            Kind::Net | Kind::Pid => "2.6.24",
            Kind::Mnt => "2.4.19",
            Kind::Time => "5.6",
            Kind::User => "3.8",
        }
    }

    /// Whether namespaces of this kind are nested and have a parent: user and pid.
    pub fn is_nested(self) -> bool {
        matches!(self, Kind::User | Kind::Pid)
    }

    /// Whether a process can have another for its children than for itself: pid and time.
    pub fn is_for_children(self) -> bool {
        matches!(self, Kind::Pid | Kind::Time)
    }

    /// Whether this kernel has the kind.
    pub fn supported(self) -> bool {
        std::fs::symlink_metadata(format!("/proc/self/ns/{self}")).is_ok()
    }

    /// The kind of a name under /proc/PID/ns; `name.parse()` has an error for another word.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a `CLONE_NEW*` flag.
    pub fn from_flag(flag: u64) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.flag() == flag)
    }

    /// The inode number of the kind's first namespace, the one the kernel booted with, where the kernel
    /// fixes it. Net and mount namespaces have no fixed number before Linux 6.18.
    pub(crate) fn initial_inode(self) -> u64 {
        match self {
            Kind::Ipc => 0xEFFF_FFFF,
            Kind::Uts => 0xEFFF_FFFE,
            Kind::User => 0xEFFF_FFFD,
            Kind::Pid => 0xEFFF_FFFC,
            Kind::Cgroup => 0xEFFF_FFFB,
            Kind::Time => 0xEFFF_FFFA,
            Kind::Net => 0xEFFF_FFF9,
            Kind::Mnt => 0xEFFF_FFF8,
        }
    }

    /// The flag for clone(2), unshare(2) and setns(2).
    pub fn flag(self) -> u64 {
        match self {
            Kind::Cgroup => libc::CLONE_NEWCGROUP as u64,
            Kind::Ipc => libc::CLONE_NEWIPC as u64,
            Kind::Net => libc::CLONE_NEWNET as u64,
            Kind::Mnt => libc::CLONE_NEWNS as u64,
            Kind::Pid => libc::CLONE_NEWPID as u64,
            Kind::Time => isolate_sys::abi::CLONE_NEWTIME,
            Kind::User => libc::CLONE_NEWUSER as u64,
            Kind::Uts => libc::CLONE_NEWUTS as u64,
        }
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Kind> {
        Kind::from_name(name).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Namespace,
                format!("{name:?}"),
                format!(
                    "is no kind of namespace: expected {}",
                    Kind::ALL.map(Kind::name).join(", ")
                ),
            )
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn names_and_flags_lead_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_flag(kind.flag()), Some(kind));
        }
        assert_eq!(Kind::from_name("mount"), None);
        assert_eq!("net".parse::<Kind>().ok(), Some(Kind::Net));
        let error = "mount".parse::<Kind>().map_err(|error| error.message());
        let expected = "namespace: \"mount\": is no kind of namespace: expected cgroup, ipc, net, mnt, pid, \
                        time, user, uts";
        assert_eq!(error, Err(expected.to_owned()));
        assert_eq!(Kind::from_flag(0), None);
        let mut flags = Kind::ALL.map(Kind::flag).to_vec();
        flags.sort_unstable();
        flags.dedup();
        assert_eq!(flags.len(), 8);
    }
}
