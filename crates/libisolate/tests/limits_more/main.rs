//! The limits of every controller through jobs: what a job runs into, what is read back, and what each
//! wrong value is told.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod cpu;
mod devices;
mod io;
mod memory;
mod named;
mod net;
mod wrong;

pub use common::in_force;
use common::sh;
use libisolate::cgroup::Version;
use libisolate::job::Outcome;
use libisolate::spec::{Limits, Seconds};
use libisolate::{Host, Spec};

/// Runs a job that must start.
#[track_caller]
pub fn run(spec: &Spec) -> Outcome {
    libisolate::run(spec).unwrap_or_else(|e| panic!("{e}\n{spec:?}"))
}

/// A strict job that runs a shell script under limits.
pub fn with(script: &str, set: impl FnOnce(&mut Limits)) -> Spec {
    let mut spec = sh(script);
    set(&mut spec.limits);
    spec
}

/// The version of the hierarchy that has a controller.
pub fn version_of(controller: &str) -> Option<Version> {
    let host = Host::probe().unwrap().cgroup;
    host.controller(controller).map(|h| h.version)
}

/// A time as people write it.
pub fn time(text: &str) -> Option<Seconds> {
    Some(Seconds::parse(text).unwrap())
}
