//! `isolatectl ns show`: everything that can be told of a namespace.

use std::fmt::{Display, Write as _};

use libisolate::ns::{
    self, CgroupPath, IdMaps, Kind, Namespace, NamespaceEntry, NamespaceId, Pin, processes_in,
};
use libisolate::spec::{IdMap, TimeOffsets};
use libisolate::{Error, ErrorKind, Result};
use serde::Serialize;

use super::args::Show;
use super::target::all;
use super::tell::pins;
use crate::out::{print, print_json};
use crate::table::plain;

/// How many of those that keep it a person wants to read of.
const MANY: usize = 8;

/// What is told. A field that does not fit the kind, or cannot be told, is left out.
#[derive(Debug, Serialize)]
struct Facts {
    kind: Kind,
    id: NamespaceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel_id: Option<u64>,
    initial: bool,
    /// As inode numbers, as in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domainname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_maps: Option<IdMaps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_offsets: Option<TimeOffsets>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mounts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mount_namespace_id: Option<u64>,
    /// Where the caller is, as seen from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    cgroup_paths: Option<Vec<CgroupPath>>,
    /// How many processes are in it and, of a pid namespace, in those nested in it.
    processes: usize,
    /// What keeps it alive, as in the list.
    pins: Vec<Pin>,
    /// The same in words.
    #[serde(skip)]
    kept_by: Vec<String>,
    /// Why something is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    untold: Vec<String>,
}

pub fn show(options: &Show) -> Result<()> {
    let namespaces = all(&options.target)?;
    let list = ns::list()?;
    let facts: Vec<Facts> = namespaces
        .iter()
        .map(|namespace| facts(namespace, &list))
        .collect::<Result<_>>()?;
    if options.json {
        return print_json(&facts);
    }
    let blocks: Vec<String> = facts.iter().map(text).collect();
    print(&blocks.join("\n"))
}

fn facts(namespace: &Namespace, list: &[NamespaceEntry]) -> Result<Facts> {
    let kind = namespace.kind();
    let mut untold = Vec::new();
    let inode = |namespace: Namespace| namespace.id().inode;
    let nested = kind.is_nested();
    let kernel_id = told(true, &mut untold, || namespace.kernel_id());
    let owner = told(true, &mut untold, || namespace.owner()).map(inode);
    let owner_uid = told(true, &mut untold, || namespace.owner_uid());
    let parent = told(nested, &mut untold, || namespace.parent()).map(inode);
    let uts = kind == Kind::Uts;
    let info = told(kind == Kind::Mnt, &mut untold, || namespace.mount_info());
    let own = std::process::id() as i32;
    let entry = list.iter().find(|entry| entry.id == namespace.id());
    let mut entry = entry.cloned();
    if let Some(entry) = &mut entry {
        // This very look keeps it too, and is over with it.
        entry.pins.retain(
            |pin| !matches!(pin, Pin::Process { pid } | Pin::Fd { pid, .. } if *pid == own),
        );
    }
    Ok(Facts {
        kind,
        id: namespace.id(),
        kernel_id,
        initial: namespace.is_initial(),
        owner,
        owner_uid,
        parent,
        hostname: told(uts, &mut untold, || namespace.hostname()),
        domainname: told(uts, &mut untold, || namespace.domainname()),
        id_maps: told(kind == Kind::User, &mut untold, || namespace.id_maps()),
        time_offsets: told(kind == Kind::Time, &mut untold, || namespace.time_offsets()),
        mounts: info.map(|info| info.mounts),
        mount_namespace_id: info.map(|info| info.id),
        cgroup_paths: told(kind == Kind::Cgroup, &mut untold, || {
            namespace.cgroup_paths(own)
        }),
        processes: processes_in(namespace)?.len(),
        kept_by: entry
            .as_ref()
            .map(|entry| pins(entry, list))
            .unwrap_or_default(),
        pins: entry.map(|entry| entry.pins).unwrap_or_default(),
        untold,
    })
}

/// A fact, where the kind has it and it can be told. What is not there has no reason worth a line.
fn told<T>(fits: bool, untold: &mut Vec<String>, ask: impl FnOnce() -> Result<T>) -> Option<T> {
    if !fits {
        return None;
    }
    let note = |error: &Error| {
        let message = error.message();
        if error.kind() != ErrorKind::NotFound && !untold.contains(&message) {
            untold.push(message);
        }
    };
    ask().inspect_err(note).ok()
}

fn text(facts: &Facts) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn Display| {
        let _ = writeln!(text, "{}", format!("{name:<14} {value}").trim_end());
    };
    let inode = facts.id.inode;
    line("namespace", &format!("{}:[{inode}]", facts.kind));
    line("isolates", &facts.kind.isolates());
    line("device", &facts.id.device);
    let mut optional = |name: &str, value: Option<&dyn Display>| {
        if let Some(value) = value {
            line(name, value);
        }
    };
    optional("kernel id", facts.kernel_id.as_ref().map(|id| id as _));
    let user = |inode: u64| format!("user:[{inode}]");
    let owner = facts.owner.map(user);
    optional("owner", owner.as_ref().map(|owner| owner as _));
    optional("owner uid", facts.owner_uid.as_ref().map(|uid| uid as _));
    let parent = facts
        .parent
        .map(|inode| format!("{}:[{inode}]", facts.kind));
    optional("parent", parent.as_ref().map(|parent| parent as _));
    let hostname = facts.hostname.as_deref().map(plain);
    optional("host name", hostname.as_ref().map(|name| name as _));
    let domainname = facts.domainname.as_deref().map(plain);
    optional("domain name", domainname.as_ref().map(|name| name as _));
    optional("mounts", facts.mounts.as_ref().map(|mounts| mounts as _));
    optional(
        "mount id",
        facts.mount_namespace_id.as_ref().map(|id| id as _),
    );
    if let Some(offsets) = facts.time_offsets {
        line("monotonic", &format!("{:+} s", offsets.monotonic));
        line("boottime", &format!("{:+} s", offsets.boottime));
    }
    if let Some(maps) = &facts.id_maps {
        id_map("uid map", &maps.uid, &mut line);
        id_map("gid map", &maps.gid, &mut line);
        let setgroups = if maps.setgroups { "allowed" } else { "denied" };
        line("setgroups", &setgroups);
    }
    for path in facts.cgroup_paths.iter().flatten() {
        let tree = match path.controllers.is_empty() {
            true => "v2".to_owned(),
            false => path.controllers.join(","),
        };
        line("caller is at", &format!("{} in {tree}", plain(&path.path)));
    }
    line("initial", &if facts.initial { "yes" } else { "no" });
    line("processes", &facts.processes);
    // The processes, which are counted already, last.
    let mut kept_by = facts.kept_by.clone();
    kept_by.sort_by_key(|word| word.starts_with("process "));
    if kept_by.len() > MANY {
        let more = kept_by.split_off(MANY).len();
        kept_by.push(format!("{more} more"));
    }
    several("kept by", &kept_by, &mut line);
    several("untold", &facts.untold, &mut line);
    text
}

fn id_map(name: &str, map: &[IdMap], line: &mut impl FnMut(&str, &dyn Display)) {
    let words: Vec<String> = map
        .iter()
        .map(|one| format!("{} is {}, {} of them", one.inside, one.outside, one.count))
        .collect();
    match words.is_empty() {
        true => line(name, &"none"),
        false => several(name, &words, line),
    }
}

/// A line for each, of which the first has the name.
fn several(name: &str, words: &[String], line: &mut impl FnMut(&str, &dyn Display)) {
    for (at, word) in words.iter().enumerate() {
        line(if at == 0 { name } else { "" }, &plain(word));
    }
}
