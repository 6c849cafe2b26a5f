//! The eight kinds of namespaces, with the names and flags the kernel gives them (namespaces(7)).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// All eight, in alphabetical order.
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
