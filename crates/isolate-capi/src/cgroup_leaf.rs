//! The calling process's own place in the cgroup tree.

use std::ffi::c_int;

use crate::error::isolate_error;
use crate::ffi;

/// Move the whole calling process from its own v2 cgroup into a group below it, so that jobs can have
/// groups with limits beside it.
///
/// For a program that is alone in a delegated cgroup, such as one started by
/// "systemd-run --user --scope -p Delegate=yes": the kernel does not let a cgroup hold processes and
/// hand controllers to groups below it. Where nothing is to be done it does nothing. No other function
/// moves the calling process.
///
/// Returns 0, -EBUSY when other processes are in the cgroup, or another negative errno; the process is
/// then where it was.
/// Threads: any; moves all threads. Blocks: for the time of some file writes. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_move_to_leaf(err: *mut *mut isolate_error) -> c_int {
    ffi::guard(err, libisolate::cgroup::move_to_leaf)
}
