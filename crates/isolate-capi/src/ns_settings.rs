//! What a namespace holds besides processes: names, kernel parameters, clock offsets, cgroup paths,
//! sockets.

use std::ffi::{c_char, c_int};
use std::os::fd::IntoRawFd;

use libisolate::ns;
use libisolate::spec::TimeOffsets;

use crate::error::isolate_error;
use crate::ffi::{self, Sized0, shared};
use crate::ns::isolate_ns;
use crate::string;

/// Offsets of the clocks of a time namespace. Set size to sizeof(isolate_time_offsets) before the call;
/// a library that knows less leaves the rest 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct isolate_time_offsets {
    /// sizeof(isolate_time_offsets), set by the caller.
    pub size: usize,
    /// Added to CLOCK_MONOTONIC, seconds.
    pub monotonic: f64,
    /// Added to CLOCK_BOOTTIME, seconds.
    pub boottime: f64,
}

// SAFETY: repr(C), size first, all fields 64 bits wide, zero is a number.
unsafe impl Sized0 for isolate_time_offsets {}

impl From<TimeOffsets> for isolate_time_offsets {
    fn from(offsets: TimeOffsets) -> isolate_time_offsets {
        isolate_time_offsets {
            size: size_of::<isolate_time_offsets>(),
            monotonic: offsets.monotonic,
            boottime: offsets.boottime,
        }
    }
}

/// Get the host name in a uts namespace.
///
/// out: the name, on success.
/// Returns 0, -EINVAL for NULL and for another kind, -EPERM without CAP_SYS_ADMIN over it, or another
/// negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_hostname(
    ns: *const isolate_ns,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::give_string(out, || ns.hostname())
    })
}

/// Set the host name in a uts namespace, for everyone in it.
///
/// name: at most 64 bytes, UTF-8.
/// Returns what isolate_ns_hostname returns; -EINVAL for a name that is too long.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_set_hostname(
    ns: *const isolate_ns,
    name: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        shared(ns, "ns")?
            .namespace
            .set_hostname(ffi::utf8(name, "name")?)
    })
}

/// Get the NIS domain name in a uts namespace, empty or "(none)" where none was set.
///
/// out: the name, on success.
/// Returns what isolate_ns_hostname returns.
/// Ownership: release *out with isolate_string_free.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_domainname(
    ns: *const isolate_ns,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::give_string(out, || ns.domainname())
    })
}

/// Set the NIS domain name in a uts namespace, for everyone in it.
///
/// name: at most 64 bytes, UTF-8.
/// Returns what isolate_ns_set_hostname returns.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_set_domainname(
    ns: *const isolate_ns,
    name: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        shared(ns, "ns")?
            .namespace
            .set_domainname(ffi::utf8(name, "name")?)
    })
}

/// Get a kernel parameter of a namespace's own, such as "net.ipv4.ip_forward" of a network namespace.
///
/// name: as sysctl(8) has it.
/// out: the value without the newline at its end, on success.
/// Returns 0, -EINVAL for NULL and for a name that is not one of this kind's, -ENOENT for one that the
/// namespace has not, or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_sysctl(
    ns: *const isolate_ns,
    name: *const c_char,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        let name = ffi::utf8(name, "name")?;
        ffi::give_string(out, || ns.sysctl(name))
    })
}

/// Set a kernel parameter of a namespace's own, for everyone in it.
///
/// name: as sysctl(8) has it.
/// value: the text, UTF-8.
/// Returns what isolate_ns_sysctl returns; -EINVAL for a value that the kernel does not take.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_set_sysctl(
    ns: *const isolate_ns,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ns.set_sysctl(ffi::utf8(name, "name")?, ffi::utf8(value, "value")?)
    })
}

/// Get the clock offsets of a time namespace.
///
/// out: a struct whose size is set.
/// Returns 0, -EINVAL for NULL, a size that is not set and another kind, -EPERM without CAP_SYS_ADMIN
/// over it, or another negative errno.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_time_offsets(
    ns: *const isolate_ns,
    out: *mut isolate_time_offsets,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let offsets = shared(ns, "ns")?.namespace.time_offsets()?;
        ffi::fill(out, &offsets.into(), "out")
    })
}

/// Get the clock offsets that the children of a process begin with.
///
/// pid: its number as the caller sees it.
/// out: a struct whose size is set.
/// Returns 0, -EINVAL for NULL, a size that is not set and a number below 1, -ENOENT for a process that
/// is gone and before Linux 5.6, or another negative errno.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_time_offsets_of(
    pid: c_int,
    out: *mut isolate_time_offsets,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let offsets = ns::time_offsets_of(pid)?;
        ffi::fill(out, &offsets.into(), "out")
    })
}

/// Set the clock offsets of the time namespace that a process has made for its children, while none is
/// born yet. It takes CAP_SYS_TIME over the namespace.
///
/// pid: its number as the caller sees it.
/// monotonic: added to CLOCK_MONOTONIC, seconds, negative allowed.
/// boottime: added to CLOCK_BOOTTIME, seconds, negative allowed.
/// Returns 0, -EACCES once a process lives in the namespace (an error of the kind ISOLATE_ERROR_BUSY),
/// -ERANGE for an offset that takes a clock below 0, -EINVAL for numbers that can never be right, or
/// another negative errno.
/// Threads: any. Blocks: for the time of a file write. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_set_time_offsets_of(
    pid: c_int,
    monotonic: f64,
    boottime: f64,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let offsets = TimeOffsets {
            monotonic,
            boottime,
        };
        ns::set_time_offsets(pid, offsets)
    })
}

/// Open a socket in a network namespace, to be used from here: it stays in its namespace wherever its
/// descriptor goes.
///
/// family: as in socket(2), such as AF_INET.
/// socket_type: as in socket(2), such as SOCK_STREAM; the descriptor is close-on-exec in any case.
/// protocol: as in socket(2), 0 for the usual one.
/// out: the descriptor, on success.
/// Returns 0, -EINVAL for NULL and for another kind of namespace, -EPERM without CAP_SYS_ADMIN over it,
/// or what socket(2) says.
/// Ownership: the descriptor is the caller's to close.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_socket(
    ns: *const isolate_ns,
    family: c_int,
    socket_type: c_int,
    protocol: c_int,
    out: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::put(out, || {
            ns.socket(family, socket_type, protocol)
                .map(IntoRawFd::into_raw_fd)
        })
    })
}

/// Write where a process is in the cgroup trees, as seen from a cgroup namespace, as JSON text on one
/// line: a list of objects with "hierarchy" (a number, 0 for the v2 tree), "controllers" (names; none for
/// the v2 tree) and "path" (which begins with "/.." for what is above the root that is seen).
///
/// pid: its number as the caller sees it.
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL and for another kind, -ENOENT or -ESRCH for a process that is gone, -EPERM
/// without CAP_SYS_ADMIN over the namespace, or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any; none moves. Blocks: for the time of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_cgroup_paths_json(
    ns: *const isolate_ns,
    pid: c_int,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::give_string(out, || string::json(&ns.cgroup_paths(pid)?))
    })
}

/// Write where a process is in the cgroup trees, as the caller sees it, as isolate_ns_cgroup_paths_json.
///
/// pid: its number as the caller sees it.
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone, or
/// another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_cgroup_paths_of_json(
    pid: c_int,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&ns::cgroup_paths(pid)?))
    })
}
