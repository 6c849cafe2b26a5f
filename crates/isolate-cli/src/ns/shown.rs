//! A namespace as the kernel and the list show it, `net:[4026531833]`, found by what keeps it.

use std::path::{Path, PathBuf};

use libisolate::ns::{self, Kind, Namespace, NamespaceEntry, Pin};
use libisolate::{Error, ErrorKind, Result, Stage};

/// Finds it among those that the caller can see.
pub fn find(kind: Kind, inode: u64) -> Result<Namespace> {
    let wanted = |entry: &&NamespaceEntry| (entry.kind, entry.id.inode) == (kind, inode);
    let all = ns::list()?;
    let entry = all.iter().find(wanted);
    let found = entry.and_then(|entry| {
        let is = |found: &Namespace| found.kind() == kind && found.id() == entry.id;
        let by_number = || {
            entry
                .kernel_id
                .and_then(|id| Namespace::of_kernel_id(id).ok())
        };
        let mut by_pin = entry.pins.iter().filter_map(|pin| through(pin, kind));
        by_pin.find(is).or_else(|| by_number().filter(is))
    });
    found.ok_or_else(|| {
        let detail = match entry {
            Some(_) => {
                "is there, and nothing leads to it: what keeps it is not the caller's to look into"
            }
            None => "there is none that the caller can see",
        };
        Error::new(
            ErrorKind::NotFound,
            Stage::Namespace,
            format!("{kind}:[{inode}]"),
            detail,
        )
    })
}

/// By way of something that keeps it, which may be gone by now.
fn through(pin: &Pin, kind: Kind) -> Option<Namespace> {
    let path = match pin {
        Pin::Process { pid } => format!("/proc/{pid}/ns/{kind}").into(),
        Pin::Thread { pid, tid } => format!("/proc/{pid}/task/{tid}/ns/{kind}").into(),
        Pin::ForChildren { pid } => format!("/proc/{pid}/ns/{kind}_for_children").into(),
        Pin::Fd { pid, fd } => format!("/proc/{pid}/fd/{fd}").into(),
        Pin::Mount { path, pid } => below(Path::new(&format!("/proc/{pid}/root")), path.as_path()),
        Pin::Child { .. } => return None,
    };
    Namespace::open(path).ok()
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
