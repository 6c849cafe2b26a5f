//! Namespaces: the eight kinds, handles of them, and everything that can be done with one.

mod handle;
mod kind;
mod proc;

pub use handle::{MountInfo, Namespace, NamespaceId};
pub use kind::Kind;
