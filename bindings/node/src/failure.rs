//! The library's errors on their way to JavaScript: as JSON text in the error's reason, which the
//! package's own code turns into an `IsolateError`.

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

/// What a panic on one of the library's own threads becomes.
pub fn panicked() -> Error {
    Error::new(
        ErrorKind::Internal,
        Stage::Host,
        "",
        "the library panicked; please report this with the message on stderr",
    )
}

/// Runs `body`; a panic becomes an error, because a thread that dies would leave a promise unsettled.
pub fn guard<T>(body: impl FnOnce() -> libisolate::Result<T>) -> libisolate::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or_else(|_| Err(panicked()))
}
