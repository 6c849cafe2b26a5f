//! Every namespace that the caller can see, with who keeps it alive; as a list and as a tree.

mod scan;
mod table;
mod tree;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Kind, NamespaceId};
use crate::error::Result;
use crate::spec::Bytes;

pub use tree::{TreeNode, tree};

/// A namespace, and who keeps it alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamespaceEntry {
    /// Its kind.
    pub kind: Kind,
    /// Its device and inode numbers.
    pub id: NamespaceId,
    /// Its 64-bit number, which no other namespace gets until the machine reboots (Linux 6.18).
    pub kernel_id: Option<u64>,
    /// Whether it is the one that the kernel booted with. Of mount and net namespaces this is only known
    /// from Linux 6.18 on, and is false before.
    pub initial: bool,
    /// The user id, as the caller sees it, of whoever made the user namespace, or, of another kind, the
    /// user namespace that owns it. None where the caller may not know.
    pub owner_uid: Option<u32>,
    /// Inode number of the user namespace whose capabilities count in it; of a user namespace that is
    /// its parent. None for the initial user namespace, and where it is beyond the caller's view.
    pub owner: Option<u64>,
    /// Inode number of the namespace it is nested in, of the kinds user and pid.
    pub parent: Option<u64>,
    /// How many processes live in it: have their main thread there. Those of namespaces nested in it
    /// are not counted.
    pub processes: u32,
    /// The lowest number among these processes, as /proc shows it.
    pub pid: Option<i32>,
    /// The command line of that process, at most 4096 bytes; its name in brackets where it has none.
    pub command: Option<String>,
    /// Everything that was found to keep it alive, sorted. Empty where that is out of sight, such as a
    /// socket that was made in it.
    pub pins: Vec<Pin>,
}

/// What keeps a namespace alive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Pin {
    /// A process that lives in it.
    Process {
        /// Its number as /proc shows it.
        pid: i32,
    },
    /// A thread that is in it while the main thread of its process is elsewhere.
    Thread {
        /// The process's number as /proc shows it.
        pid: i32,
        /// The thread's number.
        tid: i32,
    },
    /// A process whose next children will be in it, of the kinds pid and time.
    ForChildren {
        /// Its number as /proc shows it.
        pid: i32,
    },
    /// A bind mount.
    Mount {
        /// Where, as the process below has it.
        path: Bytes,
        /// A process in the mount namespace of the mount.
        pid: i32,
    },
    /// An open descriptor.
    Fd {
        /// The number, as /proc shows it, of the process that has it.
        pid: i32,
        /// Its number there.
        fd: i32,
    },
    /// A namespace that is nested in it or owned by it.
    Child {
        /// The inode number of that namespace.
        inode: u64,
    },
}

/// Lists the namespaces that the caller can see, sorted by kind and inode number.
///
/// They are found as those of processes and of their threads and future children, by the bind mounts
/// of every mount namespace in which a process is, by the open descriptors of processes, as owners and
/// parents of these, as mount namespaces by the kernel's own list (Linux 6.12), and by listns(2) (Linux
/// 6.19). What the caller may not look into, or what ends meanwhile, is left out.
///
/// # Errors
/// `NotFound` without a /proc in which the caller has a number.
pub fn list() -> Result<Vec<NamespaceEntry>> {
    scan::everything()
}
