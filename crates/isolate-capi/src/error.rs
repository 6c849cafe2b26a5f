//! `isolate_error`: why a call failed.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use libisolate::Error;

use crate::constants;
use crate::ffi::{self, shared};

/// Why a call failed: kind, errno, stage, subject and the whole text. Never changes.
pub struct isolate_error {
    kind: u32,
    kind_name: CString,
    errno: c_int,
    stage: CString,
    subject: CString,
    message: CString,
}

impl isolate_error {
    pub(crate) fn new(error: Error) -> isolate_error {
        isolate_error {
            kind: constants::error_kind_number(error.kind()),
            kind_name: ffi::c_string(error.kind().name()),
            errno: error.errno(),
            stage: ffi::c_string(error.stage().name()),
            subject: ffi::c_string(error.subject()),
            message: ffi::c_string(error.message()),
        }
    }
}

unsafe fn text(
    error: *const isolate_error,
    get: impl Fn(&isolate_error) -> &CStr,
) -> *const c_char {
    ffi::value(ptr::null(), || Ok(get(shared(error, "error")?).as_ptr()))
}

/// Get the kind of an error.
///
/// Returns an ISOLATE_ERROR_ constant, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_kind(error: *const isolate_error) -> c_int {
    ffi::code(|| Ok(shared(error, "error")?.kind as c_int))
}

/// Get the kind of an error as a word, such as "not_found"; every language uses the same words.
///
/// Returns the word, or NULL for NULL.
/// Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_kind_name(error: *const isolate_error) -> *const c_char {
    text(error, |e| &e.kind_name)
}

/// Get the errno of the failed system call, or the one that stands for the kind.
///
/// Returns a positive errno, the negative of what the failed function returned, or -EINVAL for NULL.
/// Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_errno(error: *const isolate_error) -> c_int {
    ffi::code(|| Ok(shared(error, "error")?.errno))
}

/// Get where it happened, such as "mount" or "exec".
///
/// Returns the word, or NULL for NULL.
/// Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_stage(error: *const isolate_error) -> *const c_char {
    text(error, |e| &e.stage)
}

/// Get what it happened to: a path, a field of the spec, a program. May be empty.
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_subject(error: *const isolate_error) -> *const c_char {
    text(error, |e| &e.subject)
}

/// Get the whole text, one line: "stage: subject: what went wrong; what to do".
///
/// Returns the text, or NULL for NULL.
/// Ownership: borrowed from the error. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_message(error: *const isolate_error) -> *const c_char {
    text(error, |e| &e.message)
}

/// Free an error; NULL is fine.
///
/// Ownership: takes the error. Threads: one at a time. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_error_free(error: *mut isolate_error) {
    ffi::take_back(error);
}
