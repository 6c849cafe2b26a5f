//! `isolate_doctor_examine`: what works on this host, what does not, why, and what to do.

use std::ffi::{c_char, c_int};

use libisolate::Doctor;

use crate::error::isolate_error;
use crate::{ffi, string};

/// Examine this host for this caller: what of the library works, what does not, why, and what to do.
///
/// Makes each kind of namespace and runs two small jobs; nothing of them is left, and nothing of the calling
/// process changes.
///
/// out: JSON text on one line, on success: `ready`, whether everything works that a default job needs, and
/// `checks`, each with `area`, `name`, `status` (works, limited, fails, absent), `needed`, `found`, `reason`
/// and `remedy`. include/isolate.schema.json has it as Diagnosis.
/// Returns 0 or a negative errno. What a host lacks is no error but a check that says so.
/// Ownership: release *out with isolate_string_free.
/// Threads: any. Blocks: until the jobs have ended. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_doctor_examine(
    out: *mut *mut c_char,
    err: *mut *mut isolate_error,
) -> c_int {
    ffi::guard(err, || {
        ffi::give_string(out, || string::json(&Doctor::examine()?))
    })
}
