//! Namespaces: the eight kinds.

mod kind;

pub use kind::Kind;
