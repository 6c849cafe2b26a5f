//! The library's errors on their way to JavaScript: as JSON text in the error's reason, which the
//! package's own code turns into an `IsolateError`.

use std::cell::RefCell;

use libisolate::{Error, ErrorKind, Stage};

/// The error as JSON text.
pub fn to_json(error: &Error) -> String {
    serde_json::json!({
        "kind": error.kind().name(),
        "errno": error.errno(),
        "code": format!("{:?}", nix::errno::Errno::from_raw(error.errno())),
        "stage": error.stage().name(),
        "subject": error.subject(),
        "message": error.message(),
    })
    .to_string()
}

/// The error as one that napi throws.
pub fn failure(error: &Error) -> napi::Error {
    napi::Error::from_reason(to_json(error))
}

/// Plain data as JSON text.
pub fn text<T: serde::Serialize>(data: &T) -> libisolate::Result<String> {
    serde_json::to_string(data)
        .map_err(|e| Error::new(ErrorKind::Internal, Stage::Host, "json", e.to_string()))
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps a panic's text for the error instead of printing it on the host's stderr. The addon has a
/// standard library of its own, so no other code's hook is replaced.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|info| {
        // A thread that is ending has no such variable any more; then the text is lost.
        let _ = PANIC.try_with(|text| *text.borrow_mut() = info.to_string().replace('\n', " "));
    }));
}

/// Runs `body`; a panic becomes an error, because a thread that dies would leave a promise unsettled.
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
