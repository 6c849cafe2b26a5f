//! `isolatectl ns ls`: every namespace, as a list or a tree.

use libisolate::Result;
use libisolate::ns::{self, Kind, NamespaceEntry, TreeNode};

use super::args::Ls;
use super::tell::{name, pins};
use crate::out::{print, print_json};
use crate::table::{self, Row};

pub fn ls(options: &Ls) -> Result<()> {
    let wanted = |kind: Kind| options.kind.is_empty() || options.kind.contains(&kind);
    // Whole: what one is kept by, or stands below, may be of another kind.
    let all = ns::list()?;
    if options.tree {
        let tree = prune(ns::tree(&all), &wanted);
        if options.json {
            return print_json(&tree);
        }
        let mut rows = Vec::new();
        branches(&tree, None, table::branches(), &all, &mut rows);
        return print(&table::text(
            ["NAMESPACE", "PROCS", "PID", "OWNER", "COMMAND"],
            &rows,
            table::width(),
        ));
    }
    let mut shown = all.clone();
    shown.retain(|entry| wanted(entry.kind));
    if options.json {
        return print_json(&shown);
    }
    let rows: Vec<Row<6>> = shown
        .iter()
        .map(|entry| {
            let [processes, pid, owner, command] = facts(entry, &all);
            let (kind, inode) = (entry.kind.to_string(), entry.id.inode.to_string());
            [kind, inode, processes, pid, owner, command]
        })
        .collect();
    print(&table::text(
        ["KIND", "ID", "PROCS", "PID", "OWNER", "COMMAND"],
        &rows,
        table::width(),
    ))
}

/// The columns that both forms have.
fn facts(entry: &NamespaceEntry, all: &[NamespaceEntry]) -> [String; 4] {
    let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    let command = match (&entry.command, entry.pid) {
        (Some(command), _) => command.clone(),
        (None, Some(_)) => "?".to_owned(),
        (None, None) => format!("({})", kept_by(entry, all)),
    };
    [
        entry.processes.to_string(),
        number(entry.pid.map(|pid| pid.to_string())),
        number(entry.owner_uid.map(|uid| uid.to_string())),
        command,
    ]
}

/// Who keeps a namespace that no process is in, in a few words.
fn kept_by(entry: &NamespaceEntry, all: &[NamespaceEntry]) -> String {
    const FEW: usize = 3;
    let pins = pins(entry, all);
    match pins.len() {
        0 => "kept by something out of sight".to_owned(),
        count if count > FEW => format!("{} and {} more", pins[..FEW].join(", "), count - FEW),
        _ => pins.join(", "),
    }
}

/// Leaves only what is wanted, with what stands above it.
fn prune(nodes: Vec<TreeNode>, wanted: &dyn Fn(Kind) -> bool) -> Vec<TreeNode> {
    nodes
        .into_iter()
        .filter_map(|node| {
            let children = prune(node.children, wanted);
            (wanted(node.entry.kind) || !children.is_empty()).then_some(TreeNode {
                entry: node.entry,
                children,
            })
        })
        .collect()
}

/// The rows of a tree; `above` is what the lines of the branch above begin with, none at the top.
fn branches(
    nodes: &[TreeNode],
    above: Option<&str>,
    signs: [&str; 4],
    all: &[NamespaceEntry],
    rows: &mut Vec<Row<5>>,
) {
    let [middle, last, through, nothing] = signs;
    for (at, node) in nodes.iter().enumerate() {
        let ends = at + 1 == nodes.len();
        let [processes, pid, owner, command] = facts(&node.entry, all);
        let (sign, below) = match above {
            None => (String::new(), String::new()),
            Some(above) if ends => (format!("{above}{last}"), format!("{above}{nothing}")),
            Some(above) => (format!("{above}{middle}"), format!("{above}{through}")),
        };
        let first = format!("{sign}{}", name(&node.entry));
        rows.push([first, processes, pid, owner, command]);
        branches(&node.children, Some(&below), signs, all, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ASCII, BOXES};
    use libisolate::ns::{NamespaceId, Pin};

    fn entry(kind: Kind, inode: u64, owner: Option<u64>) -> NamespaceEntry {
        NamespaceEntry {
            kind,
            id: NamespaceId { device: 4, inode },
            kernel_id: None,
            initial: false,
            owner_uid: Some(0),
            owner,
            parent: owner,
            processes: 0,
            pid: None,
            command: None,
            pins: Vec::new(),
        }
    }

    fn drawn(entries: &[NamespaceEntry], kinds: &[Kind], signs: [&str; 4]) -> Vec<String> {
        let wanted = |kind: Kind| kinds.is_empty() || kinds.contains(&kind);
        let tree = prune(ns::tree(entries), &wanted);
        let mut rows = Vec::new();
        branches(&tree, None, signs, entries, &mut rows);
        rows.into_iter().map(|[first, ..]| first).collect()
    }

    #[test]
    fn trees() {
        let entries = [
            entry(Kind::Net, 10, Some(1)),
            entry(Kind::Net, 11, Some(2)),
            entry(Kind::User, 1, None),
            entry(Kind::User, 2, Some(1)),
            entry(Kind::Uts, 20, Some(1)),
        ];
        assert_eq!(
            drawn(&entries, &[], BOXES),
            [
                "user:[1]",
                "├─ net:[10]",
                "├─ user:[2]",
                "│  └─ net:[11]",
                "└─ uts:[20]"
            ]
        );
        assert_eq!(
            drawn(&entries, &[], ASCII)[2..4],
            ["|- user:[2]", "|  `- net:[11]"]
        );
        assert_eq!(
            drawn(&entries, &[Kind::Net], BOXES),
            ["user:[1]", "├─ net:[10]", "└─ user:[2]", "   └─ net:[11]"]
        );
    }

    #[test]
    fn who_keeps_one_without_a_process() {
        let mut one = entry(Kind::Net, 10, Some(1));
        assert_eq!(
            facts(&one, &[]),
            ["0", "-", "0", "(kept by something out of sight)"]
        );
        let mount = |pid| Pin::Mount {
            path: "/run/netns/blue".into(),
            pid,
        };
        one.pins = vec![
            mount(std::process::id() as i32),
            mount(i32::MAX),
            Pin::Fd { pid: 5, fd: 3 },
            Pin::Child { inode: 7 },
            Pin::Thread { pid: 8, tid: 9 },
        ];
        let others = [entry(Kind::Uts, 7, Some(10))];
        assert_eq!(
            facts(&one, &others)[3],
            "(mount /run/netns/blue, descriptor 3 of 5, uts:[7] and 1 more)"
        );
        one.pins = vec![mount(i32::MAX)];
        let other = format!("(mount /run/netns/blue of {})", i32::MAX);
        assert_eq!(facts(&one, &others)[3], other);
        one.pid = Some(4);
        one.command = Some("sleep 5".into());
        assert_eq!(facts(&one, &others), ["0", "4", "0", "sleep 5"]);
    }
}
