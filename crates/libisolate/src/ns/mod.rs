//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod create;
mod handle;
mod joined;
mod kind;
mod list;
mod mounts;
mod netns;
mod persist;
mod pids;
mod proc;
mod procfs;
mod settings;
mod sysctl;
mod thread;
mod visit;

pub use create::{NamespaceSet, create};
pub use handle::{MountInfo, Namespace, NamespaceId};
pub(crate) use joined::joined;
pub use kind::Kind;
pub use list::{NamespaceEntry, Pin, TreeNode, list, tree};
pub use persist::{Persisted, named, persisted, unpersist, unpersist_name};
pub use pids::{Process, processes_in, translate_pid};
pub(crate) use pids::{child_behind, descendants, described};
pub(crate) use settings::offsets_text;
pub use settings::{CgroupPath, cgroup_paths, set_time_offsets, time_offsets_of};
pub(crate) use sysctl::find as find_sysctl;
pub use thread::{Inside, enter_thread, enter_thread_pidfd, unshare_thread};
