//! The C interface of libisolate: `include/isolate.h` is made from this crate.
//!
//! One file for each C type, and no logic: every function turns C values into Rust ones, calls
//! libisolate, and turns the result back. `ffi.rs` holds every pointer cast and the guard that keeps
//! panics out of the host.

// The names are C's.
#![allow(non_camel_case_types)]
// What a caller must keep to is said once for all functions at the top of the header, and for each
// function under Ownership and Threads; a "Safety" section would repeat it in the header.
#![allow(clippy::missing_safety_doc)]
// The body of a C function is one call into `ffi`, which names what it relies on. A block around
// each body would only repeat the function's own `unsafe`.
#![allow(unsafe_op_in_unsafe_fn)]

pub mod applied;
pub mod cgroup;
pub mod cgroup_files;
pub mod cgroup_leaf;
pub mod cgroup_members;
pub mod cgroup_memory;
pub mod constants;
pub mod convert;
pub mod doctor;
pub mod error;
pub mod events;
mod ffi;
pub mod host;
pub mod inside;
pub mod job;
pub mod ns;
pub mod ns_facts;
pub mod ns_ids;
pub mod ns_kind;
pub mod ns_list;
pub mod ns_persist;
pub mod ns_pids;
pub mod ns_settings;
pub mod ns_thread;
pub mod nsset;
pub mod outcome;
pub mod spec;
pub mod spec_limits;
pub mod spec_setters;
pub mod stat;
pub mod string;
pub mod usage;
pub mod version;
pub mod watches;
