//! `isolatectl cgroup ls` and `tree`: which groups there are.

use std::collections::BTreeSet;

use libisolate::cgroup::{Cgroup, Place};
use libisolate::{ErrorKind, Result};
use serde::Serialize;

use super::args::{Ls, Tree};
use super::target::open;
use crate::out::{print, print_json};
use crate::table::{self, Row};

/// A group of a list.
#[derive(Serialize)]
struct Entry {
    name: String,
    path: String,
    /// In the group itself and in those below it.
    processes: usize,
    /// Groups directly below.
    groups: usize,
    controllers: Vec<String>,
    places: Vec<Place>,
}

pub fn ls(options: &Ls) -> Result<()> {
    let top = open(&options.path)?;
    let mut entries = Vec::new();
    for (name, group) in below(&top)? {
        entries.push(Entry {
            name,
            path: group.path().to_owned(),
            processes: group.processes(true).len(),
            groups: group.children().len(),
            controllers: group.controllers(),
            places: group.places(),
        });
    }
    if options.json {
        return print_json(&entries);
    }
    let rows: Vec<Row<4>> = entries
        .into_iter()
        .map(|entry| {
            let controllers = match entry.controllers.is_empty() {
                true => "-".to_owned(),
                false => entry.controllers.join(","),
            };
            let (processes, groups) = (entry.processes.to_string(), entry.groups.to_string());
            [entry.name, processes, groups, controllers]
        })
        .collect();
    let head = ["GROUP", "PROCS", "GROUPS", "CONTROLLERS"];
    print(&table::text(head, &rows, table::width()))
}

/// The groups directly below, without those that have gone meanwhile.
pub fn below(group: &Cgroup) -> Result<Vec<(String, Cgroup)>> {
    let mut all = Vec::new();
    for name in group.children() {
        match group.child(&name) {
            Ok(child) => all.push((name, child)),
            // Neither can one whose name is no text be opened by it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidSpec) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// A group with those below it.
#[derive(Serialize)]
struct Node {
    name: String,
    path: String,
    /// In the group itself.
    processes: Vec<i32>,
    /// With those in the groups below it.
    total: usize,
    groups: Vec<Node>,
}

pub fn tree(options: &Tree) -> Result<()> {
    let (top, _) = node(options.path.clone(), &open(&options.path)?)?;
    if options.json {
        return print_json(&top);
    }
    let mut rows = Vec::new();
    branches(&top, None, table::branches(), options.pids, &mut rows);
    let head = ["GROUP", "PROCS", "ALL", ""];
    print(&table::text(head, &rows, table::width()))
}

/// The group's branch, and who is in it. A process may be in another group of another hierarchy: it counts
/// once.
fn node(name: String, group: &Cgroup) -> Result<(Node, BTreeSet<i32>)> {
    let processes = group.processes(false);
    let mut all: BTreeSet<i32> = processes.iter().copied().collect();
    let mut groups = Vec::new();
    for (name, child) in below(group)? {
        let (node, inside) = node(name, &child)?;
        all.extend(inside);
        groups.push(node);
    }
    let node = Node {
        name,
        path: group.path().to_owned(),
        processes,
        total: all.len(),
        groups,
    };
    Ok((node, all))
}

/// The rows of a tree; `above` is what the lines of the branch above begin with, none at the top.
fn branches(
    node: &Node,
    above: Option<(&str, bool)>,
    signs: [&str; 4],
    pids: bool,
    rows: &mut Vec<Row<4>>,
) {
    let [middle, last, through, nothing] = signs;
    let (first, before) = match above {
        None => (node.name.clone(), String::new()),
        Some((above, true)) => (
            format!("{above}{last}{}", node.name),
            format!("{above}{nothing}"),
        ),
        Some((above, false)) => (
            format!("{above}{middle}{}", node.name),
            format!("{above}{through}"),
        ),
    };
    let (own, all) = (node.processes.len().to_string(), node.total.to_string());
    rows.push([first, own, all, String::new()]);
    let shown = if pids { &node.processes[..] } else { &[] };
    for (at, pid) in shown.iter().enumerate() {
        let ends = at + 1 == shown.len() && node.groups.is_empty();
        let sign = if ends { last } else { middle };
        rows.push([
            format!("{before}{sign}{pid}"),
            String::new(),
            String::new(),
            command(*pid),
        ]);
    }
    for (at, child) in node.groups.iter().enumerate() {
        let ends = at + 1 == node.groups.len();
        branches(child, Some((&before, ends)), signs, pids, rows);
    }
}

/// What a process runs: its command line, or its name where it has none, as threads of the kernel.
fn command(pid: i32) -> String {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<String> = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    if !words.is_empty() {
        return words.join(" ");
    }
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    name.map_or(String::new(), |name| format!("[{}]", name.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ASCII, BOXES};

    fn leaf(name: &str, processes: &[i32], groups: Vec<Node>) -> Node {
        Node {
            name: name.to_owned(),
            path: name.to_owned(),
            processes: processes.to_vec(),
            total: processes.len() + groups.iter().map(|group| group.total).sum::<usize>(),
            groups,
        }
    }

    fn drawn(pids: bool, signs: [&str; 4]) -> Vec<String> {
        // Beyond every process id.
        let deep = leaf("deep", &[i32::MAX], Vec::new());
        let both = vec![
            leaf("a", &[], vec![deep]),
            leaf("b", &[i32::MAX - 1], Vec::new()),
        ];
        let mut rows = Vec::new();
        branches(
            &leaf("/", &[i32::MAX - 2], both),
            None,
            signs,
            pids,
            &mut rows,
        );
        rows.iter()
            .map(|[first, own, all, _]| format!("{first} {own} {all}").trim_end().to_owned())
            .collect()
    }

    #[test]
    fn trees() {
        assert_eq!(
            drawn(false, BOXES),
            ["/ 1 3", "├─ a 0 1", "│  └─ deep 1 1", "└─ b 1 1"]
        );
        assert_eq!(
            drawn(true, ASCII),
            [
                "/ 1 3",
                "|- 2147483645",
                "|- a 0 1",
                "|  `- deep 1 1",
                "|     `- 2147483647",
                "`- b 1 1",
                "   `- 2147483646"
            ]
        );
    }
}
