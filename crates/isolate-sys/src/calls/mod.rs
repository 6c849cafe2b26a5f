//! Thin wrappers, one for each system call, by topic.

pub mod bpf;
pub mod fd;
pub mod mount;
pub mod nsfs;
pub mod path;
pub mod privilege;
pub mod probe;
pub mod process;
pub mod signal;
pub mod socket;
pub mod uts;
pub mod xattr;
