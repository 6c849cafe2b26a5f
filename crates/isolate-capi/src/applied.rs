//! `isolate_applied`: limits that were put in force for a group or a job that lives.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use libisolate::job::{Enforced, Enforcement};
use libisolate::spec::Limits;
use libisolate::{Error, Result};

use crate::cgroup::{group, isolate_cgroup};
use crate::constants;
use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::job::isolate_job;
use crate::spec::isolate_spec;
use crate::string;
use crate::usage::isolate_enforcement;

/// What limits are in force, with the values read back. Never changes.
pub struct isolate_applied {
    enforcement: Enforcement,
    rows: Vec<Row>,
}

/// The strings of one `isolate_enforcement`.
pub(crate) struct Row {
    name: CString,
    requested: CString,
    file: Option<CString>,
    value: Option<CString>,
    reason: Option<CString>,
    status: u32,
}

impl Row {
    pub(crate) fn new(enforced: &Enforced) -> Row {
        let optional = |text: &Option<String>| text.as_deref().map(ffi::c_string);
        Row {
            name: ffi::c_string(enforced.name.as_str()),
            requested: ffi::c_string(enforced.requested.as_str()),
            file: optional(&enforced.file),
            value: optional(&enforced.value),
            reason: optional(&enforced.reason),
            status: constants::enforcement_status_number(enforced.status),
        }
    }

    /// One of several, as C sees it.
    pub(crate) fn of(rows: &[Row], index: usize) -> Result<isolate_enforcement> {
        let row = rows
            .get(index)
            .ok_or_else(|| Error::invalid("index", format!("{index} of {}", rows.len())))?;
        Ok(isolate_enforcement {
            size: size_of::<isolate_enforcement>(),
            name: row.name.as_ptr(),
            requested: row.requested.as_ptr(),
            file: pointer(&row.file),
            value: pointer(&row.value),
            reason: pointer(&row.reason),
            status: row.status.into(),
        })
    }
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_deref().map_or(ptr::null(), CStr::as_ptr)
}

/// Puts a spec's limits in force; the body of both functions.
unsafe fn apply(
    limits: *const isolate_spec,
    out: *mut *mut isolate_applied,
    put: impl FnOnce(&Limits) -> Result<Enforcement>,
) -> Result<()> {
    let enforcement = put(&shared(limits, "limits")?.0.limits)?;
    if out.is_null() {
        return Ok(());
    }
    ffi::give(out, || {
        Ok(isolate_applied {
            rows: enforcement.iter().map(Row::new).collect(),
            enforcement,
        })
    })
}

/// Put limits in force for a group, in an order that the kernel takes whatever holds now, and read them
/// back. What is not named stays as it is. All or nothing: after an error every limit is as before.
///
/// A limit below the present use is refused, and nobody is killed.
///
/// limits: a spec, of which only the limits are read; isolate_spec_new_settings makes one without a program.
/// out: what is in force, on success; may be NULL.
/// Returns 0, -EINVAL for NULL, for a value out of range and for limits that no group holds (cpu_time,
/// output, rlimits), -EOPNOTSUPP for a controller or file that the group does not have, -EBUSY for a limit
/// below the use, with use and peak in the error, or another negative errno.
/// Ownership: the spec stays the caller's; release *out with isolate_applied_free.
/// Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_cgroup_apply(
    cgroup: *mut isolate_cgroup,
    limits: *const isolate_spec,
    out: *mut *mut isolate_applied,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let group = group(cgroup)?;
        apply(limits, out, |limits| group.apply(limits))
    })
}

/// Put other limits in force while a job runs, all or nothing; what is not named stays as it is. The job's
/// JSON text and its outcome tell of them from then on.
///
/// A controller that the job's group does not have yet, it gets; on v1 that moves the job's processes, at the
/// price that isolate_cgroup_attach tells of.
///
/// limits: as isolate_cgroup_apply.
/// out: what is in force, on success; may be NULL.
/// Returns what isolate_cgroup_apply returns; -ENOENT when the job has ended or has no group.
/// Ownership: the spec stays the caller's; release *out with isolate_applied_free.
/// Threads: any. Blocks: while the kernel takes memory back. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_update(
    job: *mut isolate_job,
    limits: *const isolate_spec,
    out: *mut *mut isolate_applied,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        apply(limits, out, |limits| job.update(limits))
    })
}

/// Get how many limits isolate_applied_get tells about.
///
/// Returns the number; 0 for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_applied_count(applied: *const isolate_applied) -> usize {
    ffi::value(0, || Ok(shared(applied, "applied")?.rows.len()))
}

/// Get what became of one limit.
///
/// index: 0 to isolate_applied_count - 1.
/// out: a struct of the caller's with its size field set.
/// Returns 0, or -EINVAL for a NULL argument, an index out of range or a size field too small.
/// Ownership: the strings are borrowed from the object.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_applied_get(
    applied: *const isolate_applied,
    index: usize,
    out: *mut isolate_enforcement,
) -> c_int {
    ffi::code(|| {
        let row = Row::of(&shared(applied, "applied")?.rows, index)?;
        ffi::fill(out, &row, "out").map(|()| 0)
    })
}

/// Write what is in force as JSON text on one line: a list of objects with "name", "requested", "status"
/// ("enforced" or "skipped"), and "file", "value" and "reason" where there is one.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for NULL.
/// Ownership: release *out with isolate_string_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_applied_to_json(
    applied: *const isolate_applied,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let applied = shared(applied, "applied")?;
        ffi::give_string(out, || string::json(&applied.enforcement))
    })
}

/// Free what isolate_cgroup_apply or isolate_job_update has told; NULL is fine. The limits stay in force.
///
/// Ownership: takes the object and every string borrowed from it.
/// Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_applied_free(applied: *mut isolate_applied) {
    ffi::take_back(applied);
}
