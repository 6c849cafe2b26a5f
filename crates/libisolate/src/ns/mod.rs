//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod handle;
mod kind;
mod list;
mod mounts;
mod netns;
mod persist;
mod pids;
mod proc;
mod procfs;

pub use handle::{MountInfo, Namespace, NamespaceId};
pub use kind::Kind;
pub use list::{NamespaceEntry, Pin, TreeNode, list, tree};
pub use persist::{Persisted, named, persisted, unpersist, unpersist_name};
pub use pids::{Process, processes_in, translate_pid};
pub(crate) use pids::{child_behind, descendants, described};
