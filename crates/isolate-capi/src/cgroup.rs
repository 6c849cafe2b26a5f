//! `isolate_cgroup`: a group as one thing across all hierarchies, and every way to come by one. Who is in
//! it is in `cgroup_members.rs`, its files in `cgroup_files.rs` and `cgroup_memory.rs`.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use libisolate::cgroup::{Cgroup, CreateOptions};
use libisolate::spec::Bytes;
use libisolate::{Error, Result, Spec};

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::spec::isolate_spec;
use crate::string;

/// A handle of a group of processes with limits: one directory in each hierarchy that it spans
/// (cgroups(7)). They are held open, so that the handle stays with its group, also when another takes
/// the name. Any thread may use it at any time; it is counted by references.
pub struct isolate_cgroup {
    pub(crate) group: Cgroup,
    path: CString,
    unit: Option<CString>,
}

impl From<Cgroup> for isolate_cgroup {
    fn from(group: Cgroup) -> isolate_cgroup {
        isolate_cgroup {
            path: ffi::c_string(group.path()),
            unit: group.unit().map(ffi::c_string),
            group,
        }
    }
}

/// The body of every function that gives a handle.
pub(crate) unsafe fn give(
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
    find: impl FnOnce() -> Result<Cgroup>,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_counted(out, || find().map(isolate_cgroup::from))
    })
}

/// The group behind a handle.
pub(crate) unsafe fn group<'a>(cgroup: *const isolate_cgroup) -> Result<&'a Cgroup> {
    Ok(&shared(cgroup, "cgroup")?.group)
}

/// Names of controllers, or none of them where the caller does not say.
unsafe fn names(list: *const *const c_char) -> Result<Option<Vec<String>>> {
    const NAME: &str = "controllers";
    if list.is_null() {
        return Ok(None);
    }
    let words = ffi::string_list(list, NAME)?;
    let text = |word: &Bytes| {
        let text = std::str::from_utf8(word.as_bytes());
        text.map(str::to_owned)
            .map_err(|_| Error::invalid(NAME, "must be UTF-8"))
    };
    words.iter().map(text).collect::<Result<_>>().map(Some)
}

/// Who is to make a group, and in which slice.
unsafe fn settings(given: *const isolate_spec) -> Result<CreateOptions> {
    let Some(given) = ffi::optional(given).map(|given| &given.0) else {
        return Ok(CreateOptions::default());
    };
    let mut understood = Spec::new(Vec::<Bytes>::new());
    understood.driver = given.driver;
    understood.slice.clone_from(&given.slice);
    if *given != understood {
        let detail = "are to name driver and slice alone";
        return Err(Error::invalid("settings", detail));
    }
    Ok(CreateOptions {
        driver: understood.driver,
        slice: understood.slice,
        ..CreateOptions::default()
    })
}

/// Make a group, which must not be there yet.
///
/// On a host with v1 hierarchies and a v2 tree it gets a directory in the v2 tree too, also when no
/// controller is there: that gives freezing, killing, events and pressure.
///
/// By systemd it is a group in a transient scope, which is handed over whole. A scope lives by its
/// processes, so one of this library's own waits in it until the group is removed or the last reference
/// to the handle is given up; then systemd takes the scope away as soon as it is empty.
///
/// name: of the new group; by systemd that of the scope, with ".scope" or without.
/// parent: the group below which it is made: "a/b" below the caller's own, "/a/b" from the root of each
/// hierarchy as the caller sees it. NULL for the caller's own, and for systemd.
/// controllers: those that it must have, ending with NULL. NULL for all that can be had.
/// settings: who makes it, or NULL for this library: a spec from isolate_spec_new_settings, in which only
/// the driver and the slice are set (isolate_spec_set_driver, isolate_spec_set_slice).
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL, for a name or path that leads elsewhere and for settings that say anything
/// else, -EEXIST when the group is there and -EBUSY when the unit is or the group above it holds processes
/// (errors of the kind ISOLATE_ERROR_BUSY), -ENOENT without the parent, -EOPNOTSUPP or -EACCES for a
/// controller that cannot be had and for systemd where it is not or does not let the caller, or another
/// negative errno. Nothing is left of what was made.
/// Ownership: the settings stay the caller's; release *out with isolate_cgroup_free, which leaves the group.
/// Threads: any. Blocks: for the time of some file writes, or until systemd has made the scope, 30 seconds
/// at most. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_create(
    name: *const c_char,
    parent: *const c_char,
    controllers: *const *const c_char,
    settings: *const isolate_spec,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        let name = ffi::utf8(name, "name")?;
        let parent = match parent.is_null() {
            true => None,
            false => Some(ffi::utf8(parent, "parent")?.to_owned()),
        };
        let controllers = names(controllers)?;
        let made_by = self::settings(settings)?;
        Cgroup::create(
            name,
            &CreateOptions {
                parent,
                controllers,
                ..made_by
            },
        )
    })
}

/// Make a group below another.
///
/// name: of the new group.
/// controllers: those that it must have, ending with NULL. NULL for all that the one above has.
/// out: the handle, on success.
/// Returns what isolate_cgroup_create returns.
/// Ownership: release *out with isolate_cgroup_free, which leaves the group.
/// Threads: any. Blocks: for the time of some file writes. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_create_child(
    cgroup: *const isolate_cgroup,
    name: *const c_char,
    controllers: *const *const c_char,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || {
        let name = ffi::utf8(name, "name")?;
        group(cgroup)?.create_child(name, names(controllers)?.as_deref())
    })
}

/// Open a group that is there. The handle spans the hierarchies that have it.
///
/// path: "a/b" below the caller's own group, "/a/b" from the root of each hierarchy as the caller sees
/// it, "/" that itself.
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL and for a path that leads upward, -ENOENT when no hierarchy has it, or
/// another negative errno.
/// Ownership: release *out with isolate_cgroup_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_open(
    path: *const c_char,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Cgroup::open(ffi::utf8(path, "path")?))
}

/// Open the group that the caller is in, in every hierarchy.
///
/// out: the handle, on success.
/// Returns 0, -ENOENT where no tree is mounted, or another negative errno.
/// Ownership: release *out with isolate_cgroup_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_own(
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, Cgroup::own)
}

/// Open the group that a process is in, in every hierarchy that the caller sees it in.
///
/// pid: its number as the caller sees it.
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL and a number below 1, -ENOENT or -ESRCH for a process that is gone (errors
/// of the kind ISOLATE_ERROR_NOT_FOUND), or another negative errno.
/// Ownership: release *out with isolate_cgroup_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_of_process(
    pid: c_int,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || Cgroup::of_process(pid))
}

/// Open a group directly below another.
///
/// name: its name.
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL and for what is no name, -ENOENT when there is none, or another negative
/// errno.
/// Ownership: release *out with isolate_cgroup_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_child(
    cgroup: *const isolate_cgroup,
    name: *const c_char,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    give(out, err, || group(cgroup)?.child(ffi::utf8(name, "name")?))
}

/// Take one more reference to a handle.
///
/// Returns the same handle, or NULL for NULL.
/// Ownership: release it with one more isolate_cgroup_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_ref(cgroup: *mut isolate_cgroup) -> *mut isolate_cgroup {
    ffi::count_up(cgroup);
    cgroup
}

/// Give up one reference to a handle; NULL is fine. The group itself is left as it is: see
/// isolate_cgroup_remove. One that systemd made goes with its scope, once nothing runs in it.
///
/// Ownership: takes one reference. Threads: any. Blocks: never; with the last reference to a group that
/// systemd made, until the process that waits in its scope has ended. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_free(cgroup: *mut isolate_cgroup) {
    ffi::count_down(cgroup);
}

/// Get the path by which a handle was made, as isolate_cgroup_open takes it; "." for the caller's own
/// group, "process N" for that of a process.
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_path(cgroup: *const isolate_cgroup) -> *const c_char {
    ffi::value(ptr::null(), || Ok(shared(cgroup, "cgroup")?.path.as_ptr()))
}

/// Get the name of the scope of systemd's that a group is in, with ".scope", where this process had it made
/// (isolate_cgroup_create, isolate_job_cgroup).
///
/// Returns the text, or NULL where there is none and for NULL.
/// Ownership: borrowed from the handle. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_unit(cgroup: *const isolate_cgroup) -> *const c_char {
    ffi::value(ptr::null(), || {
        let unit = shared(cgroup, "cgroup")?.unit.as_ref();
        Ok(unit.map_or(ptr::null(), |unit| unit.as_ptr()))
    })
}

/// Write the directories of a group, one for each hierarchy, as JSON text on one line: a list of objects
/// with "version" ("v1" or "v2"), "controllers", a list of names, "name", that of a v1 hierarchy without
/// controllers or null, and "path".
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_places_json(
    cgroup: *const isolate_cgroup,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::give_string(out, || string::json(&group.places()))
    })
}

/// Write the names of the controllers that a group has, of whatever version, as JSON text on one line: a
/// sorted list.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_controllers_json(
    cgroup: *const isolate_cgroup,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::give_string(out, || string::json(&group.controllers()))
    })
}

/// Write the names of the groups directly below, in whatever hierarchy, as JSON text on one line: a sorted
/// list, empty once the group is removed.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_children_json(
    cgroup: *const isolate_cgroup,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        ffi::give_string(out, || string::json(&group.children()))
    })
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_cgroup>();
};
