//! Raw Linux system calls: no libc, no allocation, no errno variable.
//!
//! Safe to use where libc is not: between clone and exec, and in a freestanding program. Each wrapper
//! is the call and nothing else; its man page is the documentation.

#![no_std]

pub mod abi;
#[cfg_attr(target_arch = "x86_64", path = "arch/x86_64.rs")]
#[cfg_attr(not(target_arch = "x86_64"), path = "arch/unsupported.rs")]
pub mod arch;
pub mod calls;
mod errno;

pub use errno::Errno;

/// What a system call gives.
pub type Result<T> = core::result::Result<T, Errno>;
