//! Threads and namespaces: what changes the calling thread, and says so in its name.

use std::ffi::c_int;

use libisolate::ns;

use crate::error::isolate_error;
use crate::ffi;
use crate::ns::isolate_ns;
use crate::ns_kind::kinds;

/// Move the calling thread into namespaces: into all of them, or, when this fails, into none.
///
/// Of a pid namespace it enters the one for its children. Every other thread stays where it is; a
/// thread that this one starts begins where it is. It takes CAP_SYS_ADMIN over each of them.
///
/// list: handles, of different kinds; user and time namespaces are not for one thread of several, and a
/// mount namespace only for a thread with a working directory of its own.
/// count: how many, at least 1.
/// Returns 0, -EINVAL for NULL, for none and for two of one kind, -EOPNOTSUPP or -EINVAL (an error of
/// the kind ISOLATE_ERROR_UNSUPPORTED) for what the kernel does not let one thread do, -EPERM, or
/// another negative errno.
/// Threads: any, and it is the calling thread that moves; where threads are shared between tasks use
/// isolate_inside. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_enter_thread(
    list: *const *const isolate_ns,
    count: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ns::enter_thread(&ffi::namespaces(list, count, "list")?)
    })
}

/// Move the calling thread into namespaces of a process, several kinds in one step (Linux 5.8), as
/// isolate_ns_enter_thread.
///
/// pidfd: a descriptor of the process (pidfd_open(2)).
/// kinds: ISOLATE_NS_ constants.
/// count: how many, at least 1.
/// Returns what isolate_ns_enter_thread returns; -ESRCH when the process has ended.
/// Ownership: the descriptor stays the caller's.
/// Threads: any, and it is the calling thread that moves. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_enter_thread_pidfd(
    pidfd: c_int,
    kinds: *const u32,
    count: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let kinds = self::kinds(kinds, count)?;
        ns::enter_thread_pidfd(ffi::descriptor(pidfd, "pidfd")?, &kinds)
    })
}

/// Give the calling thread new namespaces: all of them, or, when this fails, none.
///
/// New pid and time namespaces are for its children; after either of them the kernel lets this thread
/// start no further thread. A new mount namespace is a copy, with a working directory and umask of the
/// thread's own from then on; its mounts stay shared with the old one as they were. A user namespace
/// takes a process with one thread: make one with isolate_ns_create, or for a job.
///
/// kinds: ISOLATE_NS_ constants.
/// count: how many, at least 1.
/// Returns 0, -EINVAL for NULL, for none and for an unknown constant, -EOPNOTSUPP for a user namespace,
/// -EPERM without CAP_SYS_ADMIN, -ENOSPC where user.max_KIND_namespaces is reached, or another
/// negative errno.
/// Threads: any, and it is the calling thread that changes. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_unshare_thread(
    kinds: *const u32,
    count: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ns::unshare_thread(&self::kinds(kinds, count)?))
}
