//! `isolate_host`: what this kernel, cgroup tree and user can do.

use std::ffi::{c_char, c_int};

use libisolate::Host;

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::string;

/// What this kernel, cgroup tree and user can do, as it was when it was looked at.
pub struct isolate_host(Host);

/// Look at this host and this caller: kernel features, namespaces, cgroup trees, ids.
///
/// out: the host, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_host_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_host_probe(
    out: *mut *mut isolate_host,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::give(out, || Host::probe().map(isolate_host)))
}

/// Write a host as JSON text on one line.
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_host_to_json(
    host: *const isolate_host,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let host = shared(host, "host")?;
        ffi::give_string(out, || string::json(&host.0))
    })
}

/// Free a host; NULL is fine.
///
/// Ownership: takes the host. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_host_free(host: *mut isolate_host) {
    ffi::take_back(host);
}
