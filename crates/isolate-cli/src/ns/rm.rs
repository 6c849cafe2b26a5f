//! `isolatectl ns rm`: what keeps a namespace is taken away.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libisolate::ns::{unpersist, unpersist_name};
use libisolate::{Error, ErrorKind, Result, Stage};

use super::args::Rm;
use crate::FAILED;
use crate::out::tell_error;

/// Takes away as many as it can, as rm(1) does, and tells each that it cannot.
pub fn rm(options: &Rm) -> i32 {
    let mut status = 0;
    for place in &options.places {
        if let Err(error) = take_away(place) {
            tell_error(&error);
            status = FAILED;
        }
    }
    status
}

fn take_away(place: &OsStr) -> Result<()> {
    if place.as_bytes().contains(&b'/') {
        return unpersist(Path::new(place));
    }
    match place.to_str() {
        Some(name) => unpersist_name(name),
        None => Err(Error::new(
            ErrorKind::InvalidSpec,
            Stage::Namespace,
            place.display().to_string(),
            "is not a name; write a path with a slash in it",
        )),
    }
}
