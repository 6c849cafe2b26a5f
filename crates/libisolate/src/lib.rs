//! libisolate: Linux namespaces and cgroups in your own process, and jobs isolated by them.
//!
//! A [`Spec`] says what to run and how isolated. [`run`] runs it and gives back the [`Outcome`];
//! [`spawn`] gives a [`Job`] to wait for, signal and kill. A pure function, [`plan::plan`], turns a
//! spec and a [`Host`] into a plan; a small freestanding program that the library carries performs the
//! plan in memory of its own and becomes the job's init.

#![deny(unsafe_code)]

pub mod cgroup;
pub mod doctor;
pub mod error;
pub mod host;
mod init;
pub mod job;
mod kernfile;
pub mod ns;
pub mod plan;
mod remedy;
pub mod spec;
mod sysfd;

pub use doctor::Doctor;
pub use error::{Error, ErrorKind, Result, Stage};
pub use host::Host;
pub use job::{Job, Outcome, Reason, Usage, run, spawn};
pub use spec::Spec;

/// The library's version, `major.minor.patch`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
