//! Strings that a caller owns, and JSON text.

use std::ffi::c_char;

use libisolate::{Error, ErrorKind, Result, Stage};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ffi;

/// Plain data as JSON text on one line.
pub(crate) fn json(data: &impl Serialize) -> Result<String> {
    serde_json::to_string(data)
        .map_err(|e| Error::new(ErrorKind::Internal, Stage::Spec, "", e.to_string()))
}

/// Plain data from JSON text in the parameter `name`.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, name: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::invalid(name, e.to_string()))
}

/// Free a string that came out of an out parameter; NULL is fine.
///
/// Ownership: takes the string. Threads: any. Blocks: never. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn isolate_string_free(text: *mut c_char) {
    ffi::take_back_string(text);
}
