//! Namespaces for JavaScript: handles, what is made and asked with them, threads inside.

pub mod create;
pub mod handle;
pub mod lists;
pub mod of_process;
pub mod thread;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use libisolate::ns::Kind;
use libisolate::{Error, ErrorKind, Stage};

pub use handle::{Handle, of_job};

/// The largest whole number that a JavaScript number holds with all below it.
const MAX_SAFE: u64 = (1 << 53) - 1;

fn wrong(subject: impl Into<String>, detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSpec, Stage::Namespace, subject, detail)
}

fn kind_of(name: &str) -> libisolate::Result<Kind> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        wrong(
            format!("{name:?}"),
            format!("is no kind of namespace: expected {}", names.join(", ")),
        )
    })
}

fn kinds_of(names: &[String]) -> libisolate::Result<Vec<Kind>> {
    names.iter().map(|name| kind_of(name)).collect()
}

fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// A number of the kernel's as JavaScript has numbers. They are counted up from the start of the
/// machine.
fn number(value: u64) -> libisolate::Result<f64> {
    if value > MAX_SAFE {
        return Err(wrong(value.to_string(), "is too large for a number"));
    }
    Ok(value as f64)
}

/// A whole number that JavaScript gave.
fn whole(value: f64, what: &str) -> libisolate::Result<u64> {
    if value.fract() != 0.0 || !(0.0..=MAX_SAFE as f64).contains(&value) {
        return Err(wrong(
            format!("{what} {value}"),
            "is no whole number from 0 on",
        ));
    }
    Ok(value as u64)
}
