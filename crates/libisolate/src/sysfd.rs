//! Descriptors that raw system calls have returned, as owned ones.

#![allow(unsafe_code)]

use std::os::fd::{FromRawFd, OwnedFd};

/// Takes ownership of a descriptor that a system call of `isolate_sys` has just made.
pub(crate) fn own(made: isolate_sys::Result<i32>) -> isolate_sys::Result<OwnedFd> {
    // SAFETY: every caller passes the direct result of a call that makes a new descriptor, so nobody
    // else has it.
    made.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}
