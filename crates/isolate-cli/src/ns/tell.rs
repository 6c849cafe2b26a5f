//! Namespaces and what keeps them, in words.

use std::path::Path;

use libisolate::ns::{NamespaceEntry, Pin};

/// As the kernel shows it: `net:[4026531833]`.
pub fn name(entry: &NamespaceEntry) -> String {
    format!("{}:[{}]", entry.kind, entry.id.inode)
}

/// Everything that keeps a namespace, each in a few words.
pub fn pins(entry: &NamespaceEntry, all: &[NamespaceEntry]) -> Vec<String> {
    // A shared mount is in every copy of a mount namespace: of the same path, the caller's own counts.
    let own: Vec<bool> = entry.pins.iter().map(is_own_mount).collect();
    let owned = |wanted: &Path| {
        let same = |pin: &Pin| matches!(pin, Pin::Mount { path, .. } if path.as_path() == wanted);
        entry
            .pins
            .iter()
            .zip(&own)
            .any(|(pin, own)| *own && same(pin))
    };
    let mut told = Vec::new();
    for (pin, own) in entry.pins.iter().zip(&own) {
        let words = match pin {
            Pin::Process { pid } => format!("process {pid}"),
            Pin::Thread { pid, tid } => format!("thread {tid} of {pid}"),
            Pin::ForChildren { pid } => format!("future children of {pid}"),
            Pin::Mount { path, .. } if *own => format!("mount {path}"),
            Pin::Mount { path, .. } if owned(path.as_path()) => continue,
            Pin::Mount { path, pid } => format!("mount {path} of {pid}"),
            Pin::Fd { pid, fd } => format!("descriptor {fd} of {pid}"),
            Pin::Child { inode } => child(*inode, all),
        };
        if !told.contains(&words) {
            told.push(words);
        }
    }
    told
}

/// Whether it is a mount of the caller's own mount namespace.
fn is_own_mount(pin: &Pin) -> bool {
    let Pin::Mount { pid, .. } = pin else {
        return false;
    };
    let of = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/mnt")).ok();
    of("self").is_some_and(|own| of(&pid.to_string()) == Some(own))
}

fn child(inode: u64, all: &[NamespaceEntry]) -> String {
    match all.iter().find(|entry| entry.id.inode == inode) {
        Some(entry) => name(entry),
        None => format!("namespace {inode}"),
    }
}
