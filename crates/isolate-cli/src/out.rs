//! Writing results: as text, as JSON, and errors that do not keep the rest from being done.

use std::io::Write as _;

use libisolate::{Error, ErrorKind, Result, Stage};

use crate::complain;

/// Writes a result. A reader that has gone, such as head(1), has all that it wanted.
pub fn print(text: &str) -> Result<()> {
    print_on(text).map(|_| ())
}

/// Writes a result, and tells whether the reader is still there.
pub fn print_on(text: &str) -> Result<bool> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::from_io(&error, Stage::Stdio, "stdout"))
        }
        done => Ok(done.is_ok()),
    }
}

/// Writes a result as JSON.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| unwritten(&error))?;
    print(&format!("{text}\n"))
}

/// A result as JSON on one line, for those that come one after another.
pub fn json_line(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string(value).map_err(|error| unwritten(&error))?;
    Ok(format!("{text}\n"))
}

fn unwritten(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, Stage::Stdio, "json", error.to_string())
}

/// Tells an error that does not keep the rest from being done.
pub fn tell_error(error: &Error) {
    complain(&error.message());
}
