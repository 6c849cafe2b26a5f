//! Namespaces that are kept at a path by a bind mount, and by name as ip-netns(8) keeps them.

use std::ffi::{c_char, c_int};

use libisolate::ns;

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::ns::{give, isolate_ns};
use crate::string;

/// Keep a namespace at a path, where isolate_ns_open and nsenter(1) find it: an empty file is made and
/// the namespace mounted on it. What is there already is never replaced.
///
/// path: the file; its directory is there.
/// Returns 0, -EEXIST where something is there already (an error of the kind ISOLATE_ERROR_BUSY), -EINVAL
/// for NULL and for a mount namespace that the kernel does not let be kept there, -EPERM without
/// CAP_SYS_ADMIN over the caller's mount namespace, or another negative errno. Nothing is left then.
/// Threads: any. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_persist(
    ns: *const isolate_ns,
    path: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ns.persist(ffi::bytes(path, "path")?.as_path())
    })
}

/// Take away what isolate_ns_persist made: the mount, and its file where that is empty. Handles and
/// processes stay in the namespace; without any it is gone.
///
/// path: the file.
/// Returns 0, -EINVAL for NULL and for a path at which no namespace is kept, which is left as it is,
/// -EBUSY where one namespace is mounted over another, -ENOENT, -EPERM, or another negative errno.
/// Threads: any. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_unpersist(
    path: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ns::unpersist(ffi::bytes(path, "path")?.as_path()))
}

/// Keep a network namespace under a name, as "ip netns add" does: at /run/netns/NAME, where
/// "ip netns exec NAME" finds it.
///
/// name: 1 to 255 bytes, UTF-8, without a slash, not "." or "..".
/// Returns what isolate_ns_persist returns; -EINVAL for another kind, and for what can be no name.
/// Threads: any. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_persist_name(
    ns: *const isolate_ns,
    name: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ns.persist_name(ffi::utf8(name, "name")?).map(drop)
    })
}

/// Take away what isolate_ns_persist_name or "ip netns add" made, as "ip netns del" does.
///
/// name: as isolate_ns_persist_name.
/// Returns what isolate_ns_unpersist returns; -EINVAL for what can be no name.
/// Threads: any. Blocks: for the time of some system calls. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_unpersist_name(
    name: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ns::unpersist_name(ffi::utf8(name, "name")?))
}

/// Open the network namespace with a name under /run/netns, made here or by "ip netns add".
///
/// name: as isolate_ns_persist_name.
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL and for what can be no name, -ENOENT, or another negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_named(
    name: *const c_char,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || ns::named(ffi::utf8(name, "name")?))
}

/// Write which namespaces are kept at paths in the caller's mount namespace as JSON text on one line: a
/// list of objects with "path", "kind" and "id", which has "device" and "inode".
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_persisted_json(
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&ns::persisted()?))
    })
}
