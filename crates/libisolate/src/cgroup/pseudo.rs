//! Names that are written like a group's files and are programs at its v2 directory instead.

use super::tree::Tree;
use crate::error::{Error, ErrorKind, Result, Stage};

/// Whether a file is one of them.
pub(super) fn is_pseudo(file: &str) -> bool {
    ["bpf.devices", "bpf.sockets"].contains(&file)
}

/// Puts a program in force, and tells what is then.
pub(super) fn put_pseudo(tree: &Tree, file: &str, value: &str) -> Result<String> {
    let _ = tree;
    Err(Error::new(
        ErrorKind::Unsupported,
        Stage::Cgroup,
        format!("{file}: {value:?}"),
        match file {
            "bpf.devices" => "device filters are not built yet",
            _ => "socket marks are not built yet",
        },
    ))
}
