//! Every namespace that the caller can see, as JSON text.

use std::ffi::{c_char, c_int};

use libisolate::ns;

use crate::error::isolate_error;
use crate::ffi;
use crate::string;

/// Write every namespace that the caller can see, and who keeps each alive, as JSON text on one line: a
/// list, sorted by kind and inode number, of objects with these keys:
///
/// "kind"; "id", which has "device" and "inode"; "kernel_id" (Linux 6.18, else null); "initial";
/// "owner_uid" and "owner", the inode number of the owning user namespace; "parent", that of the one it is
/// nested in; "processes", how many live there; "pid", the lowest of them, and "command"; "pins", what
/// keeps it: objects with "type" ("process", "thread", "for_children", "mount", "fd", "child") and the
/// numbers and paths of that. What is not known is null.
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: while /proc is read, with every descriptor of every process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_list_json(
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || ffi::give_string(out, || string::json(&ns::list()?)))
}

/// Write the list as a tree: user namespaces by parent, below each what it owns, and pid namespaces by
/// parent. JSON text on one line: a list of objects with "entry", as in isolate_ns_list_json, and
/// "children", a list of the same.
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: as isolate_ns_list_json. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_tree_json(
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&ns::tree(&ns::list()?)))
    })
}
