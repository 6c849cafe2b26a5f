//! The namespaces found so far: each is asked for its facts once, and leads to its owner and parent.

use std::collections::{BTreeMap, BTreeSet};

use super::{NamespaceEntry, Pin};
use crate::ns::{Kind, Namespace, NamespaceId, procfs};

/// What a namespace itself tells.
struct Facts {
    kernel_id: Option<u64>,
    owner_uid: Option<u32>,
    owner: Option<u64>,
    parent: Option<u64>,
}

#[derive(Default)]
struct Found {
    facts: Option<Facts>,
    /// The processes with their main thread in it, ascending.
    processes: Vec<i32>,
    pins: BTreeSet<Pin>,
}

/// Everything that was found.
pub(super) struct Table {
    /// Device number of the kernel's file system of namespaces.
    pub device: u64,
    found: BTreeMap<(Kind, u64), Found>,
}

impl Table {
    pub fn new(device: u64) -> Table {
        Table {
            device,
            found: BTreeMap::new(),
        }
    }

    /// Adds a namespace that something keeps; `open` gives a handle of it, which is only asked for
    /// while its facts are not known.
    pub fn pin(
        &mut self,
        kind: Kind,
        inode: u64,
        pin: Pin,
        open: impl FnOnce() -> Option<Namespace>,
    ) {
        if !self.knows(kind, inode)
            && let Some(namespace) = open()
            // Another may be there by now.
            && (namespace.kind(), namespace.id().inode) == (kind, inode)
        {
            self.ask(&namespace);
        }
        let found = self.found.entry((kind, inode)).or_default();
        if let Pin::Process { pid } = pin {
            found.processes.push(pid);
        }
        found.pins.insert(pin);
    }

    /// Whether the namespace has told its facts.
    pub fn knows(&self, kind: Kind, inode: u64) -> bool {
        let found = self.found.get(&(kind, inode));
        found.is_some_and(|found| found.facts.is_some())
    }

    /// Adds a namespace with its owner and parent, and theirs.
    pub fn ask(&mut self, namespace: &Namespace) {
        let (kind, inode) = (namespace.kind(), namespace.id().inode);
        if self.knows(kind, inode) {
            return;
        }
        let owner = namespace.owner().ok();
        let parent = match kind {
            // Of a user namespace the two are the same.
            Kind::Pid => namespace.parent().ok(),
            _ => None,
        };
        let owner_uid = match (kind, &owner) {
            (Kind::User, _) => namespace.owner_uid().ok(),
            (_, owner) => owner.as_ref().and_then(|owner| owner.owner_uid().ok()),
        };
        let inode_of = |namespace: &Option<Namespace>| namespace.as_ref().map(|n| n.id().inode);
        let facts = Facts {
            kernel_id: namespace.kernel_id().ok(),
            owner_uid,
            owner: inode_of(&owner),
            parent: match kind {
                Kind::User => inode_of(&owner),
                _ => inode_of(&parent),
            },
        };
        self.found.entry((kind, inode)).or_default().facts = Some(facts);
        for outer in [owner, parent].into_iter().flatten() {
            self.ask(&outer);
            let pin = Pin::Child { inode };
            let found = self.found.entry((outer.kind(), outer.id().inode));
            found.or_default().pins.insert(pin);
        }
    }

    /// The whole, sorted by kind and inode number.
    pub fn entries(self) -> Vec<NamespaceEntry> {
        let device = self.device;
        let entry = |((kind, inode), found): ((Kind, u64), Found)| {
            let facts = found.facts.as_ref();
            let pid = found.processes.iter().min().copied();
            NamespaceEntry {
                kind,
                id: NamespaceId { device, inode },
                kernel_id: facts.and_then(|facts| facts.kernel_id),
                initial: inode == kind.initial_inode(),
                owner_uid: facts.and_then(|facts| facts.owner_uid),
                owner: facts.and_then(|facts| facts.owner),
                parent: facts.and_then(|facts| facts.parent),
                processes: u32::try_from(found.processes.len()).unwrap_or(u32::MAX),
                pid,
                command: pid.and_then(procfs::command),
                pins: found.pins.into_iter().collect(),
            }
        };
        self.found.into_iter().map(entry).collect()
    }
}
