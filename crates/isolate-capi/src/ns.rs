//! `isolate_ns`: a handle of a namespace, and every way to come by one. What it tells is in
//! `ns_facts.rs`.

use std::ffi::{CString, c_char, c_int};

use libisolate::Result;
use libisolate::ns::Namespace;

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::ns_kind::{kind, number};

/// A handle of a namespace. It keeps the namespace alive, also when no process is in it, and never
/// changes. Of a pid namespace only the shell is kept: once its pid 1 has ended, no process can be
/// made there.
pub struct isolate_ns {
    pub(crate) namespace: Namespace,
    pub(crate) text: CString,
}

/// How many bytes the file handle of a namespace has.
pub const ISOLATE_NS_FILE_HANDLE_SIZE: usize = 24;

impl From<Namespace> for isolate_ns {
    fn from(namespace: Namespace) -> isolate_ns {
        let text = ffi::c_string(namespace.to_string());
        isolate_ns { namespace, text }
    }
}

/// The body of every function that gives a handle.
pub(crate) unsafe fn give(
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
    find: impl FnOnce() -> Result<Namespace>,
) -> c_int {
    ffi::guard(err, || ffi::give(out, || find().map(isolate_ns::from)))
}

/// Open the calling thread's own namespace of a kind.
///
/// kind: an ISOLATE_NS_ constant.
/// out: the handle, on success.
/// Returns 0, -EINVAL for an unknown constant, -EOPNOTSUPP where the kernel has no such kind, or
/// another negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_thread(
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Namespace::of_thread(self::kind(kind)?))
}

/// Open the namespace of a process, or of a thread by its id.
///
/// pid: its number as the caller sees it.
/// kind: an ISOLATE_NS_ constant.
/// out: the handle, on success.
/// Returns 0, -ESRCH for a process that is gone, -EACCES or -EPERM where it may not be looked into
/// (ptrace(2), "access mode checking"), -EINVAL for numbers that can never be right, or another
/// negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_process(
    pid: c_int,
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Namespace::of_process(pid, self::kind(kind)?))
}

/// Open the namespace in which the children of a process begin: unshare(2) and setns(2) change this
/// one, and leave the process where it is.
///
/// pid: its number as the caller sees it.
/// kind: ISOLATE_NS_PID or ISOLATE_NS_TIME.
/// out: the handle, on success.
/// Returns what isolate_ns_of_process returns; -EINVAL for another kind, and -ENOENT for a new pid
/// namespace that has no first process yet.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_children(
    pid: c_int,
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Namespace::of_children(pid, self::kind(kind)?))
}

/// Open the namespace of the process of a pidfd: of this process and no other, also when its number
/// has been given to another by now.
///
/// pidfd: the descriptor (pidfd_open(2)).
/// kind: an ISOLATE_NS_ constant.
/// out: the handle, on success.
/// Returns 0, -ESRCH for a process that has ended, -EINVAL for another descriptor, -EACCES or -EPERM
/// as isolate_ns_of_process, or another negative errno.
/// Ownership: the descriptor stays the caller's; release *out with isolate_ns_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_pidfd(
    pidfd: c_int,
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        Namespace::of_pidfd(ffi::descriptor(pidfd, "pidfd")?, self::kind(kind)?)
    })
}

/// Open the namespace at a path: a file under /proc/PID/ns, or one on which a namespace is kept, such
/// as those of "ip netns" under /run/netns.
///
/// path: the file.
/// out: the handle, on success.
/// Returns 0, -EINVAL for a file that is not a namespace, which is not opened for more than a look, or
/// another negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_open(
    path: *const c_char,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        Namespace::open(ffi::bytes(path, "path")?.as_path())
    })
}

/// Open the namespace of a descriptor, such as one that came over a socket.
///
/// fd: the descriptor.
/// out: the handle, on success.
/// Returns 0, -EBADF for a descriptor that is not open, -EINVAL for one of something else, or another
/// negative errno.
/// Ownership: the descriptor stays the caller's; release *out with isolate_ns_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_fd(
    fd: c_int,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Namespace::of_fd(fd))
}

/// Open the namespace of a file handle, which this process or another on the same machine has got from
/// isolate_ns_file_handle since it booted (Linux 6.18).
///
/// bytes: the handle.
/// length: how many, ISOLATE_NS_FILE_HANDLE_SIZE.
/// out: the handle, on success.
/// Returns 0, -ESTALE when the namespace is gone, -EINVAL for bytes that are no such handle, or another
/// negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_file_handle(
    bytes: *const u8,
    length: usize,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        Namespace::of_file_handle(ffi::array(bytes, length, "bytes")?)
    })
}

/// Open the namespace with a number that isolate_ns_kernel_id gives (Linux 6.18).
///
/// id: the number.
/// out: the handle, on success.
/// Returns 0, -ESTALE when the namespace is gone, or another negative errno.
/// Ownership: release *out with isolate_ns_free.
/// Threads: any. Blocks: before Linux 6.19 while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_of_kernel_id(
    id: u64,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Namespace::of_kernel_id(id))
}

/// Make another handle of the same namespace.
///
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL, or -EMFILE where the process can have no more descriptors.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_copy(
    ns: *const isolate_ns,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || shared(ns, "ns")?.namespace.try_clone())
}

/// Free a handle; NULL is fine. The namespace lives on while anything else keeps it.
///
/// Ownership: takes the handle. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_free(ns: *mut isolate_ns) {
    ffi::take_back(ns);
}

/// Get the kind of a namespace.
///
/// Returns an ISOLATE_NS_ constant, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kind(ns: *const isolate_ns) -> c_int {
    ffi::code(|| Ok(number(shared(ns, "ns")?.namespace.kind()) as c_int))
}

/// Check that a namespace is of a kind.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns 0, or -EINVAL for NULL, for an unknown constant, and for a namespace of another kind; the
/// error names both.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_expect(
    ns: *const isolate_ns,
    kind: u32,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let copy = shared(ns, "ns")?.namespace.try_clone()?;
        copy.expect(self::kind(kind)?).map(drop)
    })
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_ns>();
};
