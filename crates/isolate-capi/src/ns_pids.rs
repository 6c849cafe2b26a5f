//! Process ids across pid namespaces, and who lives in a namespace or a job.

use std::ffi::{c_char, c_int};

use libisolate::ns;

use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::job::isolate_job;
use crate::ns::isolate_ns;
use crate::string;

/// Find the number in one pid namespace of the process, or thread, that has a number in another.
///
/// pid: its number in from.
/// from: a pid namespace; the caller's own is fine.
/// to: a pid namespace; the caller's own is fine.
/// out: its number in to, on success.
/// Returns 0, -ESRCH when no process that the caller sees has the number, or when it has none in to, or
/// -EINVAL for NULL, for namespaces of another kind and for numbers below 1.
/// Threads: any. Blocks: never; before Linux 6.11 while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_translate_pid(
    pid: c_int,
    from: *const isolate_ns,
    to: *const isolate_ns,
    out: *mut c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let from = &shared(from, "from")?.namespace;
        let to = &shared(to, "to")?.namespace;
        ffi::put(out, || ns::translate_pid(pid, from, to))
    })
}

/// Write who lives in a namespace as JSON text on one line: a list, by ascending number, of objects with
/// "pid" (as the caller sees it), "inside" and "name".
///
/// In a pid namespace are its own processes and those of the namespaces nested in it, and "inside" is their
/// number in it. In one of another kind are the processes whose main thread is in it, and "inside" is
/// their number in their own pid namespace.
///
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL, or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_ns_processes_json(
    ns: *const isolate_ns,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let ns = &shared(ns, "ns")?.namespace;
        ffi::give_string(out, || string::json(&ns::processes_in(ns)?))
    })
}

/// Write the processes of a job, without its init, as JSON text on one line, as
/// isolate_ns_processes_json; "inside" is the number in the job's own pid namespace where it has one.
/// There are none once the job has ended.
///
/// out: the text, on success.
/// Returns 0, -EINVAL for NULL, or another negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: while /proc is read. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_processes_json(
    job: *const isolate_job,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        ffi::give_string(out, || string::json(&job.processes()?))
    })
}
