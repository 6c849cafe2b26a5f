//! Namespaces and what keeps them, in words.

use libisolate::ns::{NamespaceEntry, Pin};

/// As the kernel shows it: `net:[4026531833]`.
pub fn name(entry: &NamespaceEntry) -> String {
    format!("{}:[{}]", entry.kind, entry.id.inode)
}

/// Everything that keeps a namespace, each in a few words and once: a mount that is shared is seen in
/// many mount namespaces.
pub fn pins(entry: &NamespaceEntry, all: &[NamespaceEntry]) -> Vec<String> {
    let mut told = Vec::new();
    for pin in &entry.pins {
        let words = match pin {
            Pin::Process { pid } => format!("process {pid}"),
            Pin::Thread { pid, tid } => format!("thread {tid} of {pid}"),
            Pin::ForChildren { pid } => format!("future children of {pid}"),
            Pin::Mount { path, .. } => format!("mount {path}"),
            Pin::Fd { pid, fd } => format!("descriptor {fd} of {pid}"),
            Pin::Child { inode } => child(*inode, all),
        };
        if !told.contains(&words) {
            told.push(words);
        }
    }
    told
}

fn child(inode: u64, all: &[NamespaceEntry]) -> String {
    match all.iter().find(|entry| entry.id.inode == inode) {
        Some(entry) => name(entry),
        None => format!("namespace {inode}"),
    }
}
