//! The library's errors as the exceptions of `libisolate.errors`.

use std::cell::RefCell;

use libisolate::{Error, ErrorKind, Stage};
use pyo3::prelude::*;

/// Raises the library's errors.
pub trait IntoPy<T> {
    /// The value, or the exception.
    fn into_py(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> IntoPy<T> for libisolate::Result<T> {
    fn into_py(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error))
    }
}

fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = py.import("libisolate.errors").and_then(|module| {
        module.getattr("_make")?.call1((
            error.kind().name(),
            error.errno(),
            error.stage().name(),
            error.subject(),
            error.message(),
        ))
    });
    match made {
        Ok(instance) => PyErr::from_value(instance),
        Err(failed) => failed,
    }
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps a panic's text for the error instead of printing it on the host's stderr. The module has a
/// standard library of its own, so no other code's hook is replaced.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|info| {
        // A thread that is ending has no such variable any more; then the text is lost.
        let _ = PANIC.try_with(|text| *text.borrow_mut() = info.to_string().replace('\n', " "));
    }));
}

/// Runs `body`; a panic becomes an `Internal` error. pyo3's own PanicException derives from
/// BaseException, so that `except Exception` would miss it.
pub fn guard<T>(body: impl FnOnce() -> libisolate::Result<T>) -> libisolate::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Internal,
            Stage::Host,
            "",
            PANIC.take(),
        ))
    })
}

/// Plain data as JSON text.
pub fn to_json<T: serde::Serialize>(py: Python<'_>, value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|e| {
        exception(
            py,
            &Error::new(ErrorKind::Internal, Stage::Host, "json", e.to_string()),
        )
    })
}
