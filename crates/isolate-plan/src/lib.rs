//! The plan's wire form: what the host encodes and the init performs, in order.
//!
//! Flat and position-independent: a header, then one record for each [`Op`]. The init's decoder takes
//! nothing on trust: a malformed plan ends in an error, never in a wild read.

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod message;
mod op;
mod wire;

pub use message::{Cause, Command, Ended, Report};
#[cfg(feature = "alloc")]
pub use op::Encoder;
pub use op::{JOIN_AS_ROOT, JOIN_IF_REFUSED, JOIN_NOW, JOIN_TRY, Op, Ops};
#[cfg(feature = "alloc")]
pub use wire::TextsBuf;
pub use wire::{Malformed, Texts};

/// A slot that is not there.
pub const NO_SLOT: u32 = u32::MAX;

/// How many descriptors a plan may have in slots.
pub const MAX_SLOTS: usize = 4096;

/// How many descriptors one message may carry (SCM_MAX_FD, unix(7)).
pub const FDS_PER_MESSAGE: usize = 253;

/// The signal by which the host has the process that a `Rebirth` left to reap kill the other. A number
/// that C libraries keep to themselves, so that no program is sent it for any other reason.
pub const KILL_REAPED: i32 = 32;
