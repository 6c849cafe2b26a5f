//! Strings that a caller owns.

use std::ffi::c_char;

use crate::ffi;

/// Free a string that came out of an out parameter; NULL is fine.
///
/// Ownership: takes the string. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_string_free(text: *mut c_char) {
    ffi::take_back_string(text);
}
