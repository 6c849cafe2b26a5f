//! `isolate_outcome`: how a job ended, what it used and what was in force.

use std::ffi::{CString, c_char, c_int};
use std::ptr;
use std::sync::OnceLock;

use libisolate::Outcome;
use libisolate::spec::Bytes;

use crate::applied::Row;
use crate::constants;
use crate::error::isolate_error;
use crate::ffi::{self, shared};
use crate::usage::{ISOLATE_UNKNOWN, isolate_enforcement, isolate_usage};

/// How a job ended, what it used and what was in force. Never changes.
pub struct isolate_outcome {
    outcome: Outcome,
    reason_name: CString,
    evidence: CString,
    enforcement: Vec<Row>,
    /// Captured output with a closing NUL, copied when first asked for: it may be large.
    stdout: OnceLock<Option<Vec<u8>>>,
    stderr: OnceLock<Option<Vec<u8>>>,
}

impl isolate_outcome {
    pub(crate) fn new(outcome: Outcome) -> isolate_outcome {
        isolate_outcome {
            reason_name: ffi::c_string(outcome.reason.name()),
            evidence: ffi::c_string(outcome.evidence.as_str()),
            enforcement: outcome.enforcement.iter().map(Row::new).collect(),
            stdout: OnceLock::new(),
            stderr: OnceLock::new(),
            outcome,
        }
    }
}

unsafe fn captured(
    outcome: *const isolate_outcome,
    length: *mut usize,
    parts: impl Fn(&isolate_outcome) -> (&OnceLock<Option<Vec<u8>>>, &Option<Bytes>),
) -> *const c_char {
    ffi::value(ptr::null(), || {
        let (copy, bytes) = parts(shared(outcome, "outcome")?);
        let copy = copy.get_or_init(|| {
            let bytes = bytes.as_ref()?.as_bytes();
            Some([bytes, b"\0"].concat())
        });
        ffi::store(length, copy.as_ref().map_or(0, |copy| copy.len() - 1));
        Ok(copy
            .as_ref()
            .map_or(ptr::null(), |copy| copy.as_ptr().cast()))
    })
}

/// Get why a job ended.
///
/// Returns an ISOLATE_REASON_ constant, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_reason(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| {
        let reason = shared(outcome, "outcome")?.outcome.reason;
        Ok(constants::reason_number(reason) as c_int)
    })
}

/// Get why a job ended as a word, such as "out_of_memory"; every language uses the same words.
///
/// Returns the word, or NULL for NULL.
/// Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_reason_name(
    outcome: *const isolate_outcome,
) -> *const c_char {
    ffi::value(ptr::null(), || {
        Ok(shared(outcome, "outcome")?.reason_name.as_ptr())
    })
}

/// Get the exit code of the program.
///
/// Returns 0 to 255, -ENODATA when a signal ended it, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_exit_code(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| {
        let outcome = &shared(outcome, "outcome")?.outcome;
        Ok(outcome.exit_code.unwrap_or(-libc::ENODATA))
    })
}

/// Get the signal that ended the program.
///
/// Returns 1 to 64, 0 when none did, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_signal(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| Ok(shared(outcome, "outcome")?.outcome.signal.unwrap_or(0)))
}

/// Get the exit status that a shell would show: the code, 128 + signal, 124 for a timeout.
///
/// Returns 0 to 255, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_shell_status(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| Ok(shared(outcome, "outcome")?.outcome.shell_status()))
}

/// Get what the reason was decided from, in one line.
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_evidence(
    outcome: *const isolate_outcome,
) -> *const c_char {
    ffi::value(ptr::null(), || {
        Ok(shared(outcome, "outcome")?.evidence.as_ptr())
    })
}

/// Get the process id that the program had, as the caller saw it.
///
/// Returns the id, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_pid(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| Ok(shared(outcome, "outcome")?.outcome.pid))
}

/// Get what was captured of stdout. A NUL follows it, which length does not count.
///
/// length: where to store the number of bytes; NULL is fine.
/// Returns the bytes, or NULL where nothing was to be captured and for NULL.
/// Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_stdout(
    outcome: *const isolate_outcome,
    length: *mut usize,
) -> *const c_char {
    captured(outcome, length, |o| (&o.stdout, &o.outcome.stdout))
}

/// Get what was captured of stderr. A NUL follows it, which length does not count.
///
/// length: where to store the number of bytes; NULL is fine.
/// Returns the bytes, or NULL where nothing was to be captured and for NULL.
/// Ownership: borrowed from the outcome. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_stderr(
    outcome: *const isolate_outcome,
    length: *mut usize,
) -> *const c_char {
    captured(outcome, length, |o| (&o.stderr, &o.outcome.stderr))
}

/// Get whether stdout had more than was captured.
///
/// Returns 1 or 0, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_stdout_cut(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| Ok(shared(outcome, "outcome")?.outcome.stdout_cut.into()))
}

/// Get whether stderr had more than was captured.
///
/// Returns 1 or 0, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_stderr_cut(outcome: *const isolate_outcome) -> c_int {
    ffi::code(|| Ok(shared(outcome, "outcome")?.outcome.stderr_cut.into()))
}

/// Get what a job used.
///
/// out: a struct of the caller's with its size field set.
/// Returns 0, or -EINVAL for a NULL argument or a size field too small to be one.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_usage(
    outcome: *const isolate_outcome,
    out: *mut isolate_usage,
) -> c_int {
    ffi::code(|| {
        let usage = isolate_usage::from(&shared(outcome, "outcome")?.outcome.usage);
        ffi::fill(out, &usage, "out").map(|()| 0)
    })
}

/// Get the peak memory of the whole job in bytes.
///
/// Returns the number, or ISOLATE_UNKNOWN where the host does not measure it and for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_memory_peak(outcome: *const isolate_outcome) -> u64 {
    ffi::value(ISOLATE_UNKNOWN, || {
        let usage = &shared(outcome, "outcome")?.outcome.usage;
        Ok(usage.memory_peak.unwrap_or(ISOLATE_UNKNOWN))
    })
}

/// Get the inode number of a namespace of the job, as in /proc/PID/ns.
///
/// kind: an ISOLATE_NS_ constant.
/// Returns the number, or 0 where it is not known, for an unknown constant and for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_namespace_id(
    outcome: *const isolate_outcome,
    kind: u32,
) -> u64 {
    ffi::value(0, || {
        let namespaces = &shared(outcome, "outcome")?.outcome.namespaces;
        let name = constants::namespace_name(kind)?;
        Ok(namespaces.get(name).copied().unwrap_or(0))
    })
}

/// Get how many requests of the spec isolate_outcome_enforcement tells about.
///
/// Returns the number; 0 for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_enforcement_count(
    outcome: *const isolate_outcome,
) -> usize {
    ffi::value(0, || Ok(shared(outcome, "outcome")?.enforcement.len()))
}

/// Get what became of one request of the spec.
///
/// index: 0 to isolate_outcome_enforcement_count - 1.
/// out: a struct of the caller's with its size field set.
/// Returns 0, or -EINVAL for a NULL argument, an index out of range or a size field too small.
/// Ownership: the strings are borrowed from the outcome.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_enforcement(
    outcome: *const isolate_outcome,
    index: usize,
    out: *mut isolate_enforcement,
) -> c_int {
    ffi::code(|| {
        let row = Row::of(&shared(outcome, "outcome")?.enforcement, index)?;
        ffi::fill(out, &row, "out").map(|()| 0)
    })
}

/// Write an outcome as JSON text on one line.
///
/// out: the text, on success.
/// Returns 0, or -EINVAL for a NULL argument.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_to_json(
    outcome: *const isolate_outcome,
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        let outcome = shared(outcome, "outcome")?;
        ffi::give_string(out, || Ok(outcome.outcome.to_json()))
    })
}

/// Free an outcome; NULL is fine.
///
/// Ownership: takes the outcome and every string borrowed from it.
/// Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_outcome_free(outcome: *mut isolate_outcome) {
    ffi::take_back(outcome);
}
