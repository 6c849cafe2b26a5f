//! Which version of the library is loaded.

use std::ffi::{CStr, c_char};

/// The version with a closing NUL.
const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a NUL in the version"),
    };

/// Get the version of the library that is loaded; ISOLATE_VERSION is that of the header.
///
/// Returns "major.minor.patch".
/// Ownership: borrowed, valid for ever. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn isolate_version() -> *const c_char {
    VERSION.as_ptr()
}
