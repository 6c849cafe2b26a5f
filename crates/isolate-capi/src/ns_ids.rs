//! User and group ids across user namespaces: maps, translation, and the ids that an ordinary user may
//! map.

use std::ffi::{c_char, c_int};

use libisolate::spec::IdMap;
use libisolate::{Result, ns};

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::ns::isolate_ns;
use crate::string;

/// Write the id maps of a user namespace as JSON text on one line: an object with "uid" and "gid", lists of
/// objects with "inside", "outside" (as the caller sees it) and "count", and "setgroups", whether processes
/// there may set their supplementary groups.
///
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL and for another kind, -ENOENT for a namespace that is not the caller's own
/// or nested in it (an error of the kind ISOLATE_ERROR_NOT_FOUND), or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any; none moves. Blocks: while /proc is read; where nobody lives in the namespace, for the time
/// of a short-lived process. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_id_maps_json(
    ns: *const isolate_ns,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::give_string(out, || string::json(&ns.id_maps()?))
    })
}

/// Write the id maps of a process's user namespace as isolate_ns_id_maps_json.
///
/// pid: its number as the caller sees it.
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone, or
/// another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_id_maps_of_json(
    pid: c_int,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&ns::id_maps_of(pid)?))
    })
}

/// Give the user namespace of a process its id maps, while it has none. Both are checked first.
///
/// A caller with CAP_SETUID and CAP_SETGID writes them itself, as does one that maps its own id alone;
/// whatever /etc/subuid and /etc/subgid allow besides is written by newuidmap(1) and newgidmap(1).
///
/// pid: its number as the caller sees it.
/// json: an object as isolate_ns_id_maps_json has it. A list that is empty or not there leaves its map to be
/// written later; with "setgroups" false setgroups(2) is denied there for good.
/// Returns 0, -EINVAL for NULL and for maps that the kernel takes from nobody, -EPERM for ids that the
/// caller may not map, -EBUSY or -EPERM (an error of the kind ISOLATE_ERROR_BUSY) when there is a map
/// already, or another negative errno. When the second map fails, the first stays: the kernel takes none
/// back.
/// Threads: any. Blocks: while the programs run. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_write_id_maps(
    pid: c_int,
    json: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let maps = string::from_json(ffi::utf8(json, "json")?, "json")?;
        ns::write_id_maps(pid, &maps)
    })
}

/// Check an id map as the kernel does, which has one errno for all that can be wrong.
///
/// field: what the error is to name, such as "uid_map".
/// json: a list of objects with "inside", "outside" and "count".
/// Returns 0, or -EINVAL for NULL, for more than 340 lines or 4095 bytes of text, for a count of 0, for ids
/// beyond 4294967294, and for lines that share ids.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_check_id_map(
    field: *const c_char,
    json: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let field = ffi::utf8(field, "field")?;
        let lines: Vec<IdMap> = string::from_json(ffi::utf8(json, "json")?, "json")?;
        ns::check_id_map(field, &lines)
    })
}

/// Write which ids an ordinary user may map besides its own, by /etc/subuid and /etc/subgid, as JSON text
/// on one line: an object with "uid" and "gid", lists of [first, count].
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_subordinate_ids_json(
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&ns::subordinate_ids()?))
    })
}

unsafe fn translate(
    from: *const isolate_ns,
    to: *const isolate_ns,
    out: *mut u32,
    err: *mut *mut isolate_error,
    ask: impl FnOnce(&ns::Namespace, &ns::Namespace) -> Result<u32>,
) -> c_int {
    ffi::guard(err, || {
        let from = &shared(from, "from")?.namespace;
        let to = &shared(to, "to")?.namespace;
        ffi::put(out, || ask(from, to))
    })
}

/// Find the number of a user in another user namespace.
///
/// uid: its number in from.
/// from: a user namespace, the caller's own or nested in it.
/// to: another such.
/// out: its number in to, on success.
/// Returns 0, -ENOENT when it is not mapped in from or has no number in to, or -EINVAL for NULL and for
/// namespaces of another kind, or another negative errno.
/// Threads: any. Blocks: while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_translate_uid(
    uid: u32,
    from: *const isolate_ns,
    to: *const isolate_ns,
    out: *mut u32,
    err: *mut *mut isolate_error,
) -> c_int {
    translate(from, to, out, err, |from, to| {
        ns::translate_uid(uid, from, to)
    })
}

/// Find the number of a group in another user namespace, as isolate_ns_translate_uid.
///
/// gid: its number in from.
/// from: a user namespace, the caller's own or nested in it.
/// to: another such.
/// out: its number in to, on success.
/// Returns what isolate_ns_translate_uid returns.
/// Threads: any. Blocks: while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_translate_gid(
    gid: u32,
    from: *const isolate_ns,
    to: *const isolate_ns,
    out: *mut u32,
    err: *mut *mut isolate_error,
) -> c_int {
    translate(from, to, out, err, |from, to| {
        ns::translate_gid(gid, from, to)
    })
}
