//! The default sandbox and every word that opens it, proven from inside the job.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod files;
mod host_state;
mod identity;
mod lifetime;
mod privileges;
mod streams;
mod view;
