//! A group's files by name, its devices, and telling when a v1 group has become empty.

use std::ffi::{c_char, c_int};

use crate::cgroup::{group, isolate_cgroup};
use crate::error::isolate_error;
use crate::ffi;
use crate::string;

/// Read a file of a group, such as "memory.stat", from whichever hierarchy has it.
///
/// file: its name.
/// out: what it holds, on success.
/// Returns 0, -EINVAL for NULL and for what is no file name, -EOPNOTSUPP when the group has no such file,
/// -ENOENT when the group is gone, or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_get(
    cgroup: *const isolate_cgroup,
    file: *const c_char,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let file = ffi::utf8(file, "file")?;
        ffi::give_string(out, || group.get(file))
    })
}

/// Write a file of a group as it is.
///
/// file: its name.
/// value: what to write.
/// out: what it holds then, on success, or nothing for a file that cannot be read; may be NULL.
/// Returns what isolate_cgroup_get returns, or the negative errno of the kernel's refusal, with an error
/// that names file and value.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of a file write. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_set(
    cgroup: *mut isolate_cgroup,
    file: *const c_char,
    value: *const c_char,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let (file, value) = (ffi::utf8(file, "file")?, ffi::utf8(value, "value")?);
        if out.is_null() {
            return group.set(file, value).map(drop);
        }
        ffi::give_string(out, || group.set(file, value))
    })
}

/// Ask whether the processes of a group may use a device, and which rule of which group says so.
///
/// Looks at the groups above, too, as far as the caller sees them, and at the programs of v2 groups that it
/// may open (CAP_SYS_ADMIN). Permissions of the device's node and missing capabilities are not looked at.
///
/// device: "c 1:3", "b 8:0" or a path.
/// access: letters of "rwm": read, write, make a node.
/// out: 1 when nothing denies it, 0 otherwise, on success.
/// json: why, on success, as JSON text on one line: an object with "allowed", "rule", such as "deny b 8:0 w" or
/// null, and "reason", which also says what could not be looked at. May be NULL.
/// Returns 0, -EINVAL for NULL, for what is no device and no access, -ENOENT for a path that is not there or a
/// group that was removed, or another negative errno.
/// Ownership: release *json with isolate_string_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_explain_device(
    cgroup: *const isolate_cgroup,
    device: *const c_char,
    access: *const c_char,
    out: *mut c_int,
    json: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let (device, access) = (ffi::utf8(device, "device")?, ffi::utf8(access, "access")?);
        ffi::put(out, || {
            let found = group.explain_device(device, access)?;
            if !json.is_null() {
                ffi::give_string(json, || string::json(&found))?;
            }
            Ok(found.allowed.into())
        })
    })
}

/// Ask whether the hierarchy's release agent is run when a group has become empty, in all of its v1
/// hierarchies (cgroups(7)).
///
/// out: 1 or 0, on success.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP without v1 directories, or another negative errno.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_notify_on_release(
    cgroup: *const isolate_cgroup,
    out: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::put(out, || group.notify_on_release().map(c_int::from))
    })
}

/// Set whether the release agent is run when a group has become empty, in all of its v1 hierarchies.
///
/// on: 0 for no, anything else for yes.
/// Returns what isolate_cgroup_notify_on_release returns. After a failure it is as before.
/// Threads: any. Blocks: for the time of some file writes. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_set_notify_on_release(
    cgroup: *mut isolate_cgroup,
    on: c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || group(cgroup)?.set_notify_on_release(on != 0))
}

/// Read which program the kernel runs for a v1 hierarchy when a group with notify_on_release has become
/// empty. Only the group at the root of the hierarchy has it.
///
/// hierarchy: a controller of it, or "name=NAME".
/// out: the program's path, on success; empty for none.
/// Returns 0, -EINVAL for NULL, -EOPNOTSUPP for a group that is not the root of such a hierarchy, or another
/// negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of a file read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_release_agent(
    cgroup: *const isolate_cgroup,
    hierarchy: *const c_char,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let hierarchy = ffi::utf8(hierarchy, "hierarchy")?;
        ffi::give_string(out, || group.release_agent(hierarchy))
    })
}

/// Set the program that the kernel runs for a whole v1 hierarchy. It is run as root outside of every
/// namespace and limit: only root of the initial user namespace may.
///
/// hierarchy: a controller of it, or "name=NAME".
/// program: an absolute path of at most 4095 bytes, or "" for none.
/// Returns what isolate_cgroup_release_agent returns; -EINVAL for another path, -EPERM.
/// Threads: any. Blocks: for the time of a file write. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_set_release_agent(
    cgroup: *mut isolate_cgroup,
    hierarchy: *const c_char,
    program: *const c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        let hierarchy = ffi::utf8(hierarchy, "hierarchy")?;
        group.set_release_agent(hierarchy, ffi::utf8(program, "program")?)
    })
}
