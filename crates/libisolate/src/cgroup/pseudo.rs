//! Limits that are not the text of one file: programs at the v2 directory, which are written like files
//! by names of their own, and v1's lists of rules.

use super::tree::Tree;
use crate::error::{Error, ErrorKind, Result, Stage};

/// Whether a file is a program.
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

/// What was in force.
pub(super) struct Saved;

/// Whether a file's state is kept here.
pub(super) fn saves(file: &str) -> bool {
    is_pseudo(file) || file.starts_with("devices.")
}

/// What is in force now.
pub(super) fn save(_tree: &Tree, _file: &str) -> Saved {
    Saved
}

/// Puts that in force again.
pub(super) fn restore(_tree: &Tree, _saved: Saved) -> Result<()> {
    Ok(())
}
