//! What a handle tells of its namespace: identity, family, mounts.

use std::ffi::{c_char, c_int};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use libisolate::Result;

use crate::error::isolate_error;
use crate::ffi::{self, Sized0, shared};
use crate::ns::{give, isolate_ns};

/// The number of mounts in a mount namespace, and its number. Set size to
/// sizeof(isolate_mount_info) before the call; a library that knows less leaves the rest 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_mount_info {
    /// sizeof(isolate_mount_info), set by the caller.
    pub size: usize,
    /// The number that no other mount namespace gets until the machine reboots.
    pub id: u64,
    /// How many mounts it has.
    pub mounts: u64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is a number.
unsafe impl Sized0 for isolate_mount_info {}

/// Stores a number that has to be asked for.
unsafe fn number<T>(
    ns: *const isolate_ns,
    out: *mut T,
    err: *mut *mut isolate_error,
    ask: impl FnOnce(&isolate_ns) -> Result<T>,
) -> c_int {
    ffi::guard(err, || {
        let ns = shared(ns, "ns")?;
        ffi::put(out, || ask(ns))
    })
}

/// Get the descriptor of a handle, for calls that this library has not.
///
/// Returns the descriptor, or -EINVAL for NULL.
/// Ownership: borrowed from the handle: do not close it.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_fd(ns: *const isolate_ns) -> c_int {
    ffi::code(|| Ok(shared(ns, "ns")?.namespace.as_fd().as_raw_fd()))
}

/// Get a namespace as the kernel shows it, such as "net:[4026531833]".
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_text(ns: *const isolate_ns) -> *const c_char {
    ffi::value(ptr::null(), || Ok(shared(ns, "ns")?.text.as_ptr()))
}

/// Get whether two handles are of the same namespace.
///
/// Returns 1 or 0, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_equal(
    ns: *const isolate_ns,
    other: *const isolate_ns,
) -> c_int {
    ffi::code(|| {
        let other = &shared(other, "other")?.namespace;
        Ok((shared(ns, "ns")?.namespace == *other).into())
    })
}

/// Get the inode number of a namespace's file under /proc/PID/ns. With the device number it tells one
/// namespace from another while both exist.
///
/// Returns the number, or 0 for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_inode(ns: *const isolate_ns) -> u64 {
    ffi::value(0, || Ok(shared(ns, "ns")?.namespace.id().inode))
}

/// Get the device number of a namespace's file under /proc/PID/ns.
///
/// Returns the number, or 0 for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_device(ns: *const isolate_ns) -> u64 {
    ffi::value(0, || Ok(shared(ns, "ns")?.namespace.id().device))
}

/// Get the number of a namespace that no other gets until the machine reboots (Linux 6.18).
///
/// out: the number, on success.
/// Returns 0, -EINVAL for NULL, or -ENOTTY on an older kernel.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_kernel_id(
    ns: *const isolate_ns,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    number(ns, out, err, |ns| ns.namespace.kernel_id())
}

/// Write the file handle of a namespace, by which any process may find it again with
/// isolate_ns_of_file_handle until the machine reboots (Linux 6.18).
///
/// out: where the bytes go, on success.
/// size: how many fit there, at least ISOLATE_NS_FILE_HANDLE_SIZE, which is how many are written.
/// Returns 0, -EINVAL for NULL and for a size that is too small, or another negative errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_file_handle(
    ns: *const isolate_ns,
    out: *mut u8,
    size: usize,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = shared(ns, "ns")?;
        ffi::put_bytes(out, size, || ns.namespace.file_handle())
    })
}

/// Get whether a namespace is the one that the kernel booted with. Of mount and net namespaces this is
/// only known from Linux 6.18 on, and is 0 before.
///
/// Returns 1 or 0, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_is_initial(ns: *const isolate_ns) -> c_int {
    ffi::code(|| Ok(shared(ns, "ns")?.namespace.is_initial().into()))
}

/// Open the namespace that a user or pid namespace is nested in.
///
/// out: the handle, on success.
/// Returns 0, -EPERM for the initial one and where the parent is outside the caller's own, which is an
/// error of the kind ISOLATE_ERROR_NOT_FOUND, or -EINVAL for NULL and for another kind.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_parent(
    ns: *const isolate_ns,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || shared(ns, "ns")?.namespace.parent())
}

/// Open the user namespace whose capabilities count in a namespace; of a user namespace that is its
/// parent.
///
/// out: the handle, on success.
/// Returns 0, -EPERM for the initial user namespace and where the owner is outside the caller's own,
/// which is an error of the kind ISOLATE_ERROR_NOT_FOUND, or -EINVAL for NULL.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_owner(
    ns: *const isolate_ns,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || shared(ns, "ns")?.namespace.owner())
}

/// Get who made a user namespace, or, of another kind, the user namespace that owns it.
///
/// out: the user id as the caller sees it, on success; 65534 where the caller's namespace does not map
/// it.
/// Returns what isolate_ns_owner returns.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_owner_uid(
    ns: *const isolate_ns,
    out: *mut u32,
    err: *mut *mut isolate_error,
) -> c_int {
    number(ns, out, err, |ns| ns.namespace.owner_uid())
}

/// Get how many mounts a mount namespace has, and its number (Linux 6.12).
///
/// out: a struct whose size is set.
/// Returns 0, -EINVAL for NULL, a size that is not set and another kind, -ENOTTY on an older kernel, or
/// another negative errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_mount_info(
    ns: *const isolate_ns,
    out: *mut isolate_mount_info,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let info = shared(ns, "ns")?.namespace.mount_info()?;
        let known = isolate_mount_info {
            size: size_of::<isolate_mount_info>(),
            id: info.id,
            mounts: info.mounts.into(),
        };
        ffi::fill(out, &known, "out")
    })
}

/// Get the number of a mount namespace, as statmount(2) and listmount(2) take it (Linux 6.11).
///
/// out: the number, on success.
/// Returns 0, -EINVAL for NULL and for another kind, or -ENOTTY on an older kernel.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_mount_namespace_id(
    ns: *const isolate_ns,
    out: *mut u64,
    err: *mut *mut isolate_error,
) -> c_int {
    number(ns, out, err, |ns| ns.namespace.mount_namespace_id())
}

/// Open the mount namespace with the next higher number, of those that the caller has CAP_SYS_ADMIN over
/// (Linux 6.12). Numbers say little of age.
///
/// out: the handle, on success.
/// Returns 0, -ENOENT at the end, -EINVAL for NULL and for another kind, -ENOTTY on an older kernel, or
/// another negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_next_mount_namespace(
    ns: *const isolate_ns,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        shared(ns, "ns")?.namespace.next_mount_namespace()
    })
}

/// Open the mount namespace with the next lower number, as isolate_ns_next_mount_namespace.
///
/// out: the handle, on success.
/// Returns what isolate_ns_next_mount_namespace returns.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_previous_mount_namespace(
    ns: *const isolate_ns,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        shared(ns, "ns")?.namespace.previous_mount_namespace()
    })
}
