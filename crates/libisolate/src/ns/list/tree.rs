//! The list as a tree: user namespaces by parent, and below each what it owns.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::NamespaceEntry;
use crate::ns::Kind;

/// A namespace with those below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TreeNode {
    /// The namespace.
    pub entry: NamespaceEntry,
    /// Those below it, in the order of the list.
    pub children: Vec<TreeNode>,
}

/// Arranges a list as a tree.
///
/// A user namespace stands below its parent, and one of another kind below the user namespace that owns
/// it; but a pid namespace below its parent where both have the same owner. What belongs to none of the
/// list is at the top. Every entry is in the tree once.
pub fn tree(entries: &[NamespaceEntry]) -> Vec<TreeNode> {
    let find = |kind: Kind, inode: u64| {
        entries
            .iter()
            .position(|entry| (entry.kind, entry.id.inode) == (kind, inode))
    };
    let above = |entry: &NamespaceEntry| {
        let outer = match entry.kind {
            Kind::Pid => entry.parent.and_then(|inode| find(Kind::Pid, inode)),
            _ => None,
        };
        outer
            .filter(|outer| entries[*outer].owner == entry.owner)
            .or_else(|| entry.owner.and_then(|inode| find(Kind::User, inode)))
    };
    let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        // A list that was put together by hand may say that one is its own owner.
        let above = above(entry).filter(|above| *above != at);
        below.entry(above).or_default().push(at);
    }
    let mut taken = vec![false; entries.len()];
    let mut top = nodes(None, entries, &below, &mut taken);
    // The same for rings of several: each is at the top, and nothing is lost.
    for at in 0..entries.len() {
        if !taken[at] {
            taken[at] = true;
            top.push(TreeNode {
                entry: entries[at].clone(),
                children: nodes(Some(at), entries, &below, &mut taken),
            });
        }
    }
    top
}

fn nodes(
    above: Option<usize>,
    entries: &[NamespaceEntry],
    below: &BTreeMap<Option<usize>, Vec<usize>>,
    taken: &mut [bool],
) -> Vec<TreeNode> {
    let mut made = Vec::new();
    for at in below.get(&above).into_iter().flatten().copied() {
        if std::mem::replace(&mut taken[at], true) {
            continue;
        }
        made.push(TreeNode {
            entry: entries[at].clone(),
            children: nodes(Some(at), entries, below, taken),
        });
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ns::NamespaceId;

    fn entry(kind: Kind, inode: u64, owner: Option<u64>, parent: Option<u64>) -> NamespaceEntry {
        NamespaceEntry {
            kind,
            id: NamespaceId { device: 4, inode },
            kernel_id: None,
            initial: false,
            owner_uid: None,
            owner,
            parent,
            processes: 0,
            pid: None,
            command: None,
            pins: Vec::new(),
        }
    }

    fn shape(nodes: &[TreeNode]) -> String {
        let one = |node: &TreeNode| {
            let below = shape(&node.children);
            let (kind, inode) = (node.entry.kind, node.entry.id.inode);
            match below.is_empty() {
                true => format!("{kind}{inode}"),
                false => format!("{kind}{inode}({below})"),
            }
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn below_owners_and_parents() {
        let entries = [
            entry(Kind::Net, 10, Some(1), None),
            entry(Kind::Net, 11, Some(2), None),
            entry(Kind::Pid, 20, Some(1), None),
            entry(Kind::Pid, 21, Some(1), Some(20)),
            entry(Kind::Pid, 22, Some(2), Some(21)),
            entry(Kind::Pid, 23, Some(2), Some(22)),
            entry(Kind::User, 1, None, None),
            entry(Kind::User, 2, Some(1), Some(1)),
            entry(Kind::Uts, 30, Some(9), None),
        ];
        assert_eq!(
            shape(&tree(&entries)),
            "user1(net10 pid20(pid21) user2(net11 pid22(pid23))) uts30"
        );
    }

    #[test]
    fn nothing_is_lost_in_a_ring() {
        let entries = [
            entry(Kind::Net, 10, Some(2), None),
            entry(Kind::User, 1, Some(2), Some(2)),
            entry(Kind::User, 2, Some(1), Some(1)),
            entry(Kind::User, 3, Some(3), Some(3)),
        ];
        assert_eq!(shape(&tree(&entries)), "user3 net10 user1(user2)");
        assert!(tree(&[]).is_empty());
    }
}
