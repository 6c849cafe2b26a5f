//! Limits for a group that lives: all of them in force, or all as before.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::controller::{self, HOMES, Setting};
use super::convert::is_unlimited;
use super::pseudo::{self, is_pseudo};
use super::put::put;
use super::tree::Tree;
use super::{Cgroup, Version, device, memory, told};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::job::{Enforced, Enforcement, EnforcementStatus};
use crate::spec::{Limits, Size};

impl Cgroup {
    /// Puts limits in force, in an order that the kernel takes whatever holds now, and reads them back.
    /// What is not named stays as it is. All or nothing: after an error every limit is as before.
    ///
    /// The names are those of a spec's limits; `best_effort` lists those that may be left out. A limit
    /// below the present use is refused, and nobody is killed.
    ///
    /// # Errors
    /// `InvalidSpec` for a value out of range, and for `cpu_time`, `output` and `rlimits`, which no group
    /// holds; `Unsupported` for a controller or file that the group does not have; `Busy` for a limit
    /// below the use, with use and peak; else what the kernel says, with file and value.
    pub fn apply(&self, limits: &Limits) -> Result<Enforcement> {
        apply(self, limits, false)
    }
}

/// [`Cgroup::apply`]; `with_init` tells that the group holds an init besides the job.
pub(super) fn apply(group: &Cgroup, limits: &Limits, with_init: bool) -> Result<Enforcement> {
    refuse_others(limits)?;
    controller::check(limits)?;
    limits.check_memory()?;
    limits.check_best_effort()?;
    if group.is_gone() {
        return Err(group.gone());
    }
    let limits = device::with_numbers(limits, device::look)?;
    let mut undo = Undo::default();
    let mut enforcement = Enforcement::new();
    let result = write_all(group, &limits, with_init, &mut undo, &mut enforcement).and_then(|()| {
        // What was refused as a best effort is not for systemd either.
        let mut held = limits.clone();
        for entry in &enforcement {
            if entry.status == EnforcementStatus::Skipped {
                held.forget(&entry.name);
            }
        }
        match &group.unit {
            Some(unit) => unit.set(&held),
            None => Ok(()),
        }
    });
    match result {
        Ok(()) => Ok(enforcement),
        Err(error) => Err(match undo.back() {
            Ok(()) => error,
            Err(stuck) => error.with_hint(format!("and could not be taken back: {stuck}")),
        }),
    }
}

/// What is not a group's to hold.
fn refuse_others(limits: &Limits) -> Result<()> {
    let said = [
        ("cpu_time", limits.cpu_time.is_some()),
        ("output", limits.output.is_some()),
        ("rlimits", !limits.rlimits.is_empty()),
    ];
    match said.into_iter().find(|(_, said)| *said) {
        None => Ok(()),
        Some((name, _)) => Err(Error::invalid(
            format!("limits.{name}"),
            "is watched by a job's init from its start: it can only be in the job's spec",
        )),
    }
}

fn write_all<'a>(
    group: &'a Cgroup,
    limits: &Limits,
    with_init: bool,
    undo: &mut Undo<'a>,
    enforcement: &mut Enforcement,
) -> Result<()> {
    let mut wanted: Vec<&str> = limits.names().collect();
    for limit in &wanted {
        enforcement.push(Enforced {
            name: (*limit).to_owned(),
            requested: limits.requested(limit).unwrap_or_default(),
            status: EnforcementStatus::Enforced,
            file: None,
            value: None,
            reason: None,
        });
    }
    let mut held = limits.clone();
    complete_sum(group, &mut held);
    // First what the group cannot hold at all: nothing is written for a request that fails.
    wanted.retain(|limit| *limit != "files");
    for limit in wanted {
        if let Err(error) = home_of(group, limit).and_then(|(home, tree)| {
            settings_of(home, tree, &held, with_init)?;
            Ok(())
        }) {
            let told = error.subject() == format!("limits.{limit}");
            // Another limit of the same controller, which has its own turn.
            if !told && error.kind() == ErrorKind::Unsupported && home_of(group, limit).is_ok() {
                continue;
            }
            skip_or_fail(limits, limit, error, enforcement)?;
            held.forget(limit);
        }
    }
    for home in HOMES {
        let Some(tree) = tree_of_home(group, home) else {
            continue;
        };
        let mut settings: Vec<Setting> = settings_of(home, tree, &held, with_init)?
            .into_iter()
            .filter(|setting| home_of(group, setting.limit).is_ok_and(|(its, _)| its == home))
            .collect();
        // What is read to order the writes is also what a failure puts back.
        let held = RefCell::new(BTreeMap::new());
        controller::order(&mut settings, |file| {
            let text = tree.dir.read(file).ok()?;
            held.borrow_mut().insert(file.to_owned(), text.clone());
            Some(text)
        });
        let held = held.into_inner();
        for setting in &settings {
            let known = held.get(&setting.file).map(String::as_str);
            write_one(tree, setting, known, limits, with_init, undo, enforcement)?;
        }
    }
    for (file, value) in &held.files {
        let tree = match group.with_file(file) {
            Ok(tree) => tree,
            Err(error) => {
                skip_or_fail(limits, "files", error, enforcement)?;
                continue;
            }
        };
        let home = controller::home_of_file(file).unwrap_or("cgroup");
        let all = controller::raw_settings(home, &held);
        if let Some(setting) = all.iter().find(|s| s.file == *file && s.value == *value) {
            write_one(tree, setting, None, limits, with_init, undo, enforcement)?;
        }
    }
    Ok(())
}

/// v1 limits memory and the sum of memory and swap: of the two that a caller thinks in, the one that is not
/// named stays as it is.
fn complete_sum(group: &Cgroup, limits: &mut Limits) {
    let v1 = |tree: &&Tree| tree.version == Version::V1;
    let Some(tree) = group.tree("memory").ok().filter(v1) else {
        return;
    };
    let held = |file| tree.dir.number(file).filter(|bytes| !is_unlimited(*bytes));
    let memory = held("memory.limit_in_bytes");
    match (limits.memory, limits.swap) {
        (None, Some(_)) => limits.memory = memory.map(Size),
        (Some(_), None) => {
            let both = memory.zip(held("memory.memsw.limit_in_bytes"));
            limits.swap = both.map(|(memory, sum)| Size(sum.saturating_sub(memory)));
        }
        _ => {}
    }
}

/// Which of its possible homes holds a limit in this group.
fn home_of<'a>(group: &'a Cgroup, limit: &str) -> Result<(&'static str, &'a Tree)> {
    let homes = controller::homes(limit);
    let found = homes
        .iter()
        .find_map(|home| Some((*home, tree_of_home(group, home)?)));
    found.ok_or_else(|| {
        let controllers: Vec<&str> = homes.iter().copied().filter(|h| !is_pseudo(h)).collect();
        let has = group.controllers();
        Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            format!("limits.{limit}"),
            format!(
                "the group {} has no {} controller; it has {}",
                group.path(),
                controllers.join(" or "),
                match has.is_empty() {
                    true => "none".to_owned(),
                    false => has.join(", "),
                }
            ),
        )
    })
}

fn tree_of_home<'a>(group: &'a Cgroup, home: &str) -> Option<&'a Tree> {
    match is_pseudo(home) {
        true => group.unified(),
        false => group.trees.iter().find(|tree| tree.has(home)),
    }
}

fn settings_of(home: &str, tree: &Tree, limits: &Limits, with_init: bool) -> Result<Vec<Setting>> {
    if home == "memory" && tree.version == Version::V1 && limits.oom_group == Some(true) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Stage::Cgroup,
            "limits.oom_group",
            "on v1 it is a job's init that kills the rest, from the job's start: watch for oom events \
             and kill the group",
        ));
    }
    controller::settings(home, limits, tree.version, with_init)
}

fn write_one<'a>(
    tree: &'a Tree,
    setting: &Setting,
    known: Option<&str>,
    limits: &Limits,
    with_init: bool,
    undo: &mut Undo<'a>,
    enforcement: &mut Enforcement,
) -> Result<()> {
    let names = || std::iter::once(setting.limit).chain(setting.also);
    let skipped = |enforcement: &Enforcement, name: &str| {
        let of_name = |e: &&Enforced| e.name == name;
        let found = enforcement.iter().find(of_name);
        found.is_some_and(|e| e.status == EnforcementStatus::Skipped)
    };
    if skipped(enforcement, setting.limit) {
        // An earlier file of the same limit was refused.
        return Ok(());
    }
    let or = setting.or.as_ref().map(|(f, v)| (f.as_str(), v.as_str()));
    let done = Saved::of(tree, setting, known)
        // Noted before the write: of a list of rules a part may be taken by one that fails.
        .map(|saved| undo.0.extend(saved.into_iter().map(|saved| (tree, saved))))
        .and_then(|()| make_room(tree, setting))
        .and_then(|()| {
            put(
                tree,
                &setting.file,
                &setting.value,
                or,
                setting.told_by.as_deref(),
            )
        })
        .map_err(|error| explain(tree, setting, error));
    for name in names() {
        match &done {
            Err(error) => skip_or_fail(limits, name, error.clone(), enforcement)?,
            Ok(done) => {
                if let Some(entry) = enforcement.iter_mut().find(|e| e.name == name) {
                    told::in_force(entry, tree, done, with_init);
                }
            }
        }
    }
    Ok(())
}

/// v2 would kill for a limit that is below the use.
fn make_room(tree: &Tree, setting: &Setting) -> Result<()> {
    match (setting.file.as_str(), setting.value.parse()) {
        ("memory.max", Ok(limit)) => memory::make_room(tree, limit),
        _ => Ok(()),
    }
}

fn explain(tree: &Tree, setting: &Setting, error: Error) -> Error {
    match (error.errno(), setting.file.as_str()) {
        (libc::EBUSY, "memory.limit_in_bytes" | "memory.memsw.limit_in_bytes") => {
            memory::in_use(tree, error)
        }
        _ => error,
    }
}

fn skip_or_fail(
    limits: &Limits,
    limit: &str,
    error: Error,
    enforcement: &mut Enforcement,
) -> Result<()> {
    if !limits.is_best_effort(limit) {
        return Err(error);
    }
    if let Some(entry) = enforcement.iter_mut().find(|e| e.name == limit) {
        told::skipped(entry, &error);
    }
    Ok(())
}

/// What was in force before each write, in their order.
#[derive(Default)]
struct Undo<'a>(Vec<(&'a Tree, Saved)>);

impl Undo<'_> {
    /// Puts everything back, the last write first.
    fn back(self) -> Result<()> {
        let mut first = Ok(());
        for (tree, saved) in self.0.into_iter().rev() {
            first = first.and(saved.restore(tree));
        }
        first
    }
}

/// What one write replaces.
enum Saved {
    /// Lines for a file, to be written one by one.
    File(String, Vec<String>),
    /// Programs or lists of rules.
    Rules(pseudo::Saved),
}

impl Saved {
    /// Of each file that the setting writes; `known` is what its first one is known to hold.
    fn of(tree: &Tree, setting: &Setting, known: Option<&str>) -> Result<Vec<Saved>> {
        if pseudo::puts(&setting.file) {
            return Ok(vec![pseudo::save(tree, &setting.file).map(Saved::Rules)?]);
        }
        let mut files = vec![(&setting.file, &setting.value)];
        if let Some((other, value)) = &setting.or
            && tree.dir.has(other)
        {
            files.push((other, value));
            files.retain(|(file, _)| tree.dir.has(file));
        }
        let saved = files.into_iter().map(|(file, value)| {
            let before = match known.filter(|_| *file == setting.file) {
                Some(known) => known.to_owned(),
                None => tree.dir.read(file).unwrap_or_default(),
            };
            Saved::File(file.clone(), before_write(file, value, &before))
        });
        Ok(saved.collect())
    }

    fn restore(self, tree: &Tree) -> Result<()> {
        match self {
            Saved::Rules(saved) => pseudo::restore(tree, &saved),
            Saved::File(file, lines) => lines.iter().try_for_each(|line| {
                // Unchanged where the write itself has failed.
                let now = tree.dir.read(&file).unwrap_or_default();
                match before_write(&file, line, &now) == [line.clone()] {
                    true => Ok(()),
                    false => tree.dir.write(&file, line),
                }
            }),
        }
    }
}

/// What has to be written to a file that held `before` to undo a write of `value`.
fn before_write(file: &str, value: &str, before: &str) -> Vec<String> {
    let first = |text: &str| text.split_whitespace().next().unwrap_or("").to_owned();
    match file {
        "memory.oom_control" => {
            let held = super::write::keyed_in(before, "oom_kill_disable");
            return vec![held.unwrap_or(0).to_string()];
        }
        // "root invalid (…)" is no state to ask for.
        "cpuset.cpus.partition" => return vec![first(before)],
        "net_prio.ifpriomap" => return before.lines().map(str::to_owned).collect(),
        _ => {}
    }
    let words = value.split_whitespace().count();
    let keyed = KEYED.iter().find(|(name, _)| *name == file);
    let Some((_, absent)) = keyed.filter(|_| words > 1) else {
        let line = match keyed {
            // The value of all that have none of their own: "default 100" or "100".
            Some(_) => {
                let of_default = |line: &&str| first(line) == "default";
                before.lines().find(of_default).unwrap_or(before.trim())
            }
            None => before.trim(),
        };
        return vec![if line.is_empty() {
            "\n".to_owned()
        } else {
            line.to_owned()
        }];
    };
    let key = first(value);
    match before.lines().find(|line| first(line) == key) {
        Some(line) => vec![line.to_owned()],
        None => vec![format!("{key} {absent}")],
    }
}

/// Files with a line for each disk or adapter, and what stands for no line.
const KEYED: [(&str, &str); 14] = [
    ("io.max", "rbps=max wbps=max riops=max wiops=max"),
    ("io.latency", "target=0"),
    ("io.weight", "default"),
    ("io.bfq.weight", "default"),
    ("blkio.weight_device", "0"),
    ("blkio.bfq.weight_device", "0"),
    ("blkio.bfq.weight", "0"),
    ("blkio.weight", "0"),
    ("blkio.throttle.read_bps_device", "0"),
    ("blkio.throttle.write_bps_device", "0"),
    ("blkio.throttle.read_iops_device", "0"),
    ("blkio.throttle.write_iops_device", "0"),
    ("rdma.max", "hca_handle=max hca_object=max"),
    ("misc.max", "max"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_undoes_a_write() {
        for (file, value, before, undo) in [
            ("pids.max", "5", "max\n", "max"),
            ("cpu.max", "1 2", "max 100000\n", "max 100000"),
            ("cpuset.cpus", "0", "\n", "\n"),
            (
                "memory.oom_control",
                "1",
                "oom_kill_disable 0\nunder_oom 0\n",
                "0",
            ),
            (
                "cpuset.cpus.partition",
                "root",
                "root invalid (why)\n",
                "root",
            ),
            (
                "io.max",
                "8:0 rbps=1",
                "8:16 rbps=2 wbps=max riops=max wiops=max\n",
                "8:0 rbps=max wbps=max riops=max wiops=max",
            ),
            (
                "io.max",
                "8:16 rbps=1",
                "8:16 rbps=2 wbps=max riops=max wiops=max\n",
                "8:16 rbps=2 wbps=max riops=max wiops=max",
            ),
            ("io.weight", "50", "default 100\n8:0 7\n", "default 100"),
            ("io.weight", "8:0 50", "default 100\n", "8:0 default"),
            ("blkio.throttle.read_bps_device", "7:0 9", "", "7:0 0"),
            ("misc.max", "sev 5", "sev max\n", "sev max"),
        ] {
            assert_eq!(before_write(file, value, before), [undo], "{file}: {value}");
        }
    }
}
