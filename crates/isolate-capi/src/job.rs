//! `isolate_job`: a running spec.

use std::ffi::{c_char, c_int};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use libisolate::{Error, ErrorKind, Job, Outcome, Result, Stage};

use crate::cgroup::{self, isolate_cgroup};
use crate::constants;
use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::ns::{self, isolate_ns};
use crate::ns_kind;
use crate::outcome::isolate_outcome;
use crate::spec::isolate_spec;
use crate::usage::isolate_usage;

/// A running spec. Any thread may use it at any time; it is counted by references.
pub struct isolate_job(pub(crate) Job);

/// Run a job to its end.
///
/// spec: what to run.
/// out: how it ended, on success. A job that ran and failed is a success of this function.
/// Returns 0, or a negative errno for everything that kept the job from starting.
/// Ownership: release *out with isolate_outcome_free; the spec stays the caller's.
/// Threads: any. Blocks: until the job ends. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_run(
    spec: *const isolate_spec,
    out: *mut *mut isolate_outcome,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let spec = &shared(spec, "spec")?.0;
        ffi::give(out, || libisolate::run(spec).map(isolate_outcome::new))
    })
}

/// Start a job. When this returns 0, its program runs.
///
/// spec: what to run.
/// out: the job, on success.
/// Returns 0, or a negative errno for everything that kept the job from starting.
/// Ownership: release *out with isolate_job_free; the spec stays the caller's.
/// Threads: any. Blocks: until the program is started. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_spawn(
    spec: *const isolate_spec,
    out: *mut *mut isolate_job,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let spec = &shared(spec, "spec")?.0;
        ffi::give_counted(out, || libisolate::spawn(spec).map(isolate_job))
    })
}

/// Start another program inside a running job: in its namespaces, its cgroup (so that the job's limits
/// hold for both) and its root, with its ids unless the spec names others. It ends with the job at the
/// latest.
///
/// job: where it is to run.
/// spec: what to run; its own streams, environment, working directory, privileges and time limits, and
/// nothing of what the job has decided: namespaces, root, mounts, maps, names, cgroup.
/// out: the program as a job of its own, on success.
/// Returns 0, -EINVAL for NULL and for a spec that says what the job has decided, -ESRCH when the job has
/// ended, or what isolate_job_spawn returns.
/// Ownership: release *out with isolate_job_free; the spec stays the caller's.
/// Threads: any. Blocks: until the program is started. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_exec(
    job: *const isolate_job,
    spec: *const isolate_spec,
    out: *mut *mut isolate_job,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        let spec = &shared(spec, "spec")?.0;
        ffi::give_counted(out, || job.exec(spec).map(isolate_job))
    })
}

/// Open one of a job's namespaces, which lives on as long as the handle does.
///
/// kind: an ISOLATE_NS_ constant.
/// out: the handle, on success.
/// Returns 0, -ESRCH when the job has ended, -EINVAL for NULL and for an unknown constant, or another
/// negative errno.
/// Ownership: release *out with isolate_ns_free. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_namespace(
    job: *const isolate_job,
    kind: u32,
    out: *mut *mut isolate_ns,
    err: *mut *mut isolate_error,
) -> c_int {
    ns::give(out, err, || {
        shared(job, "job")?.0.namespace(ns_kind::kind(kind)?)
    })
}

/// Open a job's own group, as a handle that lives on after the job; the group does not.
///
/// out: the handle, on success.
/// Returns 0, -EINVAL for NULL, -ENOENT when the job has ended or has no group, or another negative errno.
/// Ownership: release *out with isolate_cgroup_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_cgroup(
    job: *const isolate_job,
    out: *mut *mut isolate_cgroup,
    err: *mut *mut isolate_error,
) -> c_int {
    cgroup::give(out, err, || shared(job, "job")?.0.cgroup())
}

/// Take one more reference to a job.
///
/// Returns the same job, or NULL for NULL.
/// Ownership: release it with one more isolate_job_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_ref(job: *mut isolate_job) -> *mut isolate_job {
    ffi::count_up(job);
    job
}

/// Give up one reference to a job; NULL is fine. With the last one, a job that still runs is killed
/// and reaped.
///
/// Ownership: takes one reference.
/// Threads: any. Blocks: with the last reference, until the job is gone. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_free(job: *mut isolate_job) {
    ffi::count_down(job);
}

/// Wait for a job to end. Every call gives an outcome of its own, with the same content.
///
/// timeout_ms: how long, in milliseconds; -1 for ever.
/// out: how it ended, on success.
/// Returns 0, -ETIMEDOUT when the job still runs, or another negative errno.
/// Ownership: release *out with isolate_outcome_free.
/// Threads: any. Blocks: until the job ends, at most timeout_ms. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_wait(
    job: *mut isolate_job,
    timeout_ms: i64,
    out: *mut *mut isolate_outcome,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        ffi::give(out, || wait(job, timeout_ms).map(isolate_outcome::new))
    })
}

fn wait(job: &Job, timeout_ms: i64) -> Result<Outcome> {
    match u64::try_from(timeout_ms) {
        Ok(ms) => job.wait_timeout(Duration::from_millis(ms))?.ok_or_else(|| {
            still_running(job, ErrorKind::Timeout, format!("still runs after {ms} ms"))
        }),
        Err(_) if timeout_ms == -1 => job.wait(),
        Err(_) => {
            let detail = format!("{timeout_ms} is no time; use -1 to wait for ever");
            Err(Error::invalid("timeout_ms", detail))
        }
    }
}

fn still_running(job: &Job, kind: ErrorKind, detail: String) -> Error {
    Error::new(kind, Stage::Wait, format!("job {}", job.pid()), detail)
}

/// Do what can be done without blocking and tell whether the job has ended; for event loops, when
/// isolate_job_fd is readable.
///
/// out: how it ended, on success.
/// Returns 0, -EBUSY when the job still runs, or another negative errno.
/// Ownership: release *out with isolate_outcome_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_try_wait(
    job: *mut isolate_job,
    out: *mut *mut isolate_outcome,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        ffi::give(out, || {
            let ended = job.try_wait()?.map(isolate_outcome::new);
            ended.ok_or_else(|| still_running(job, ErrorKind::Busy, "still runs".to_owned()))
        })
    })
}

/// Get the process id of the program, as the caller sees it.
///
/// Returns the id, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_pid(job: *const isolate_job) -> c_int {
    ffi::code(|| Ok(shared(job, "job")?.0.pid()))
}

/// Get a descriptor that is readable (POLLIN) when isolate_job_try_wait has something to do.
///
/// Returns the descriptor, or -EINVAL for NULL.
/// Ownership: borrowed from the job: poll it, do not read or close it.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_fd(job: *const isolate_job) -> c_int {
    ffi::code(|| Ok(shared(job, "job")?.0.as_fd().as_raw_fd()))
}

/// Send a signal to the program.
///
/// signal: 1 to 64.
/// Returns 0, -EINVAL for a number out of range, -ESRCH when the job has ended, or another negative
/// errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_signal(
    job: *mut isolate_job,
    signal: c_int,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || shared(job, "job")?.0.signal(signal))
}

/// Kill every process of a job; it then ends as "killed". Fine when it has ended already.
///
/// Returns 0 or a negative errno.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_kill(
    job: *mut isolate_job,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || shared(job, "job")?.0.kill())
}

unsafe fn take(job: *mut isolate_job, end: impl Fn(&Job) -> Option<OwnedFd>) -> c_int {
    ffi::code(|| {
        let fd = end(&shared(job, "job")?.0);
        Ok(fd.map_or(-libc::ENOENT, IntoRawFd::into_raw_fd))
    })
}

/// Take the caller's end of the program's stdin, where the spec says ISOLATE_STDIO_PIPE.
///
/// Returns a descriptor to write to, -ENOENT where there is none (any more), or -EINVAL for NULL.
/// Ownership: the descriptor is the caller's to close, and is close-on-exec.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_take_stdin(job: *mut isolate_job) -> c_int {
    take(job, Job::take_stdin)
}

/// Take the caller's end of the program's stdout, where the spec says ISOLATE_STDIO_PIPE.
///
/// Returns a descriptor to read from, -ENOENT where there is none (any more), or -EINVAL for NULL.
/// Ownership: the descriptor is the caller's to close, and is close-on-exec.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_take_stdout(job: *mut isolate_job) -> c_int {
    take(job, Job::take_stdout)
}

/// Take the caller's end of the program's stderr, where the spec says ISOLATE_STDIO_PIPE.
///
/// Returns a descriptor to read from, -ENOENT where there is none (any more), or -EINVAL for NULL.
/// Ownership: the descriptor is the caller's to close, and is close-on-exec.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_take_stderr(job: *mut isolate_job) -> c_int {
    take(job, Job::take_stderr)
}

/// Get what a job has used so far.
///
/// out: a struct of the caller's with its size field set.
/// Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_usage(
    job: *const isolate_job,
    out: *mut isolate_usage,
) -> c_int {
    ffi::code(|| {
        let usage = isolate_usage::from(&shared(job, "job")?.0.usage());
        ffi::fill(out, &usage, "out").map(|()| 0)
    })
}

/// Get the inode number of a namespace of a job, as in /proc/PID/ns.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the number, or 0 where it is not known, for an unknown constant and for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_namespace_id(job: *const isolate_job, kind: u32) -> u64 {
    ffi::value(0, || {
        let namespaces = shared(job, "job")?.0.namespaces();
        let name = constants::namespace_name(kind)?;
        Ok(namespaces.get(name).copied().unwrap_or(0))
    })
}

/// Write what is known of a job as JSON text on one line: pid, namespaces, enforcement, and its usage
/// so far.
///
/// out: the text, on success.
/// Returns 0 or a negative errno.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: for the time of some file reads. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_job_to_json(
    job: *const isolate_job,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let job = &shared(job, "job")?.0;
        ffi::give_string(out, || {
            let known = serde_json::json!({
                "pid": job.pid(),
                "namespaces": job.namespaces(),
                "enforcement": job.enforcement(),
                "usage": job.usage(),
            });
            Ok(known.to_string())
        })
    })
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<isolate_job>();
};
