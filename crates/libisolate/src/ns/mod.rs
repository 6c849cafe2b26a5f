//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod handle;
mod kind;
mod mounts;
mod netns;
mod persist;
mod pids;
mod proc;
mod procfs;

pub use handle::{MountInfo, Namespace, NamespaceId};
pub use kind::Kind;
pub use persist::{Persisted, named, persisted, unpersist, unpersist_name};
pub use pids::{Process, processes_in, translate_pid};
pub(crate) use pids::{descendants, described};
pub(crate) use proc::pid_of;
