//! libisolate's init, as bytes: a freestanding program that performs a plan and becomes a job's init.
//!
//! Its source is in `program/`; the build script compiles it. libisolate writes the bytes into a sealed
//! memory file and executes that.

#![no_std]

/// The program: a static ELF executable without libc and without undefined symbols.
pub static PROGRAM: &[u8] = include_bytes!(env!("ISOLATE_INIT_PROGRAM"));
