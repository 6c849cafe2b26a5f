//! Limits that are not the text of one file but are written and read back like one: programs at the v2
//! directory, and the rules that v1's `devices.list` is to show.

use super::bpf::sockets;
use super::devices;
use super::tree::Tree;
use crate::error::{Error, ErrorKind, Result, Stage};

/// The rules of v1: the file can only be read, and is brought about by `devices.allow` and
/// `devices.deny`.
const LIST: &str = "devices.list";

/// Whether a file is a program, which every v2 directory can have.
pub(super) fn is_pseudo(file: &str) -> bool {
    ["bpf.devices", "bpf.sockets"].contains(&file)
}

/// Whether a file is written by [`put_pseudo`].
pub(super) fn puts(file: &str) -> bool {
    is_pseudo(file) || file == LIST
}

/// Puts a program or rules in force, and tells what is then.
pub(super) fn put_pseudo(tree: &Tree, file: &str, value: &str) -> Result<String> {
    match file {
        "bpf.devices" => devices::put(&tree.dir, value),
        "bpf.sockets" => sockets::put(&tree.dir, value),
        LIST => devices::put_v1(&tree.dir, value),
        _ => Err(unknown(file)),
    }
}

/// What was in force.
pub(super) enum Saved {
    Devices(devices::Saved),
    Lists(devices::SavedV1),
    Sockets(devices::Saved),
}

/// Notes what is in force now.
pub(super) fn save(tree: &Tree, file: &str) -> Result<Saved> {
    match file {
        "bpf.devices" => devices::snapshot(&tree.dir).map(Saved::Devices),
        "bpf.sockets" => sockets::snapshot(&tree.dir).map(Saved::Sockets),
        LIST => devices::snapshot_v1(&tree.dir).map(Saved::Lists),
        _ => Err(unknown(file)),
    }
}

/// Puts that in force again.
pub(super) fn restore(tree: &Tree, saved: &Saved) -> Result<()> {
    match saved {
        Saved::Devices(saved) => devices::restore(&tree.dir, saved),
        Saved::Sockets(saved) => sockets::restore(&tree.dir, saved),
        Saved::Lists(saved) => devices::restore_v1(&tree.dir, saved),
    }
}

fn unknown(file: &str) -> Error {
    let detail = "is neither a program nor a list of rules";
    Error::new(ErrorKind::Internal, Stage::Cgroup, file, detail)
}
