//! A transient scope, from its first process to its end.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::bus::Value;
use super::manager::{Fault, Talk};
use super::properties::{self, Property, PropertyValue};
use super::{Manager, UnitPlan, unit_name};
use crate::cgroup::{CgroupHost, Version, parse, write};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::init::Anchor;
use crate::kernfile;
use crate::spec::Limits;

/// How long systemd may take to start a unit: as long as other programs give it.
const START: Duration = Duration::from_secs(30);
/// How long a smaller errand may take.
const ERRAND: Duration = Duration::from_secs(25);
/// How long systemd may take to see by itself that a scope is empty, before it is told to stop it.
const SELF: Duration = Duration::from_millis(500);
/// How long it may take then.
const STOP: Duration = Duration::from_secs(10);

/// A scope of systemd's. Dropping it ends the anchor; systemd takes an empty scope away.
#[derive(Debug)]
pub(in crate::cgroup) struct Unit {
    name: String,
    manager: Manager,
    /// Its directories, each with the index of its hierarchy and its inode: another unit may have the name,
    /// and with it the paths, once this one has gone.
    dirs: Vec<(usize, PathBuf, u64)>,
    anchor: Mutex<Option<Anchor>>,
}

impl Unit {
    /// Starts the scope of that name with an anchor in it.
    ///
    /// # Errors
    /// `Busy` when there is a unit of that name; else what systemd says, or why it
    /// cannot be asked. Nothing is left.
    pub fn start(wanted: &UnitPlan, name: &str, host: &CgroupHost) -> Result<Unit> {
        let deadline = Instant::now() + START;
        let anchor = Anchor::drop_down()?;
        let mut again = Again::default();
        loop {
            let fault = match begin(wanted, name, anchor.pid(), deadline) {
                Ok(()) => break,
                Err(fault) => fault,
            };
            match fault {
                // What was asked for before may have been done, by a systemd that was executed anew since.
                Fault::Exists(_) | Fault::Lost(_)
                    if !dirs_of(anchor.pid(), name, host)?.is_empty() =>
                {
                    break;
                }
                // Perhaps it is only remembered for having failed.
                Fault::Exists(_) if !again.reset => {
                    again.reset = true;
                    let mut talk = Talk::open(wanted.manager, deadline)?;
                    let _ = talk.reset_failed(name);
                }
                Fault::Exists(error) => return Err(error),
                // What is still to be done of it fails without the anchor. It is not stopped by its name,
                // which may be that of somebody else's unit.
                Fault::Lost(error) if again.lost >= LOST || Instant::now() >= deadline => {
                    return Err(error);
                }
                Fault::Lost(_) => {
                    again.lost += 1;
                    sleep(PAUSE);
                }
                Fault::Refused(error) => return Err(error),
            }
        }
        let dirs = dirs_of(anchor.pid(), name, host)?;
        let unit = Unit {
            name: name.to_owned(),
            manager: wanted.manager,
            dirs,
            anchor: Mutex::new(Some(anchor)),
        };
        match unit.settle(wanted, host) {
            Ok(()) => Ok(unit),
            Err(error) => {
                let _ = unit.end();
                Err(error)
            }
        }
    }

    /// Looks whether it is where it was to be, and moves the anchor out of the way: a v2 group that hands
    /// controllers down holds no process.
    fn settle(&self, wanted: &UnitPlan, host: &CgroupHost) -> Result<()> {
        let wrong = |detail: String| {
            Error::new(
                ErrorKind::Other,
                Stage::Cgroup,
                format!("unit {}", self.name),
                detail,
            )
        };
        let Some((_, tracked, _)) = self.dirs.first() else {
            return Err(wrong(
                "systemd says that it runs, but its process is in no group of that name".to_owned(),
            )
            .with_hint("is the bus that of another host or container?"));
        };
        if let Some(slice) = &wanted.slice {
            let expected = unit_name::slice_path(slice).unwrap_or_default();
            let above = tracked.parent().unwrap_or(Path::new(""));
            if !above.as_os_str().to_string_lossy().ends_with(&expected) {
                let detail = format!("systemd put it into {} instead of {slice}", above.display());
                return Err(wrong(detail));
            }
        }
        let v2 =
            |(index, ..): &&(usize, PathBuf, u64)| host.hierarchies[*index].version == Version::V2;
        let Some((_, dir, _)) = self.dirs.iter().find(v2) else {
            return Ok(());
        };
        let leaf = dir.join(parse::LEAF);
        DirBuilder::new().mode(0o755).create(&leaf).map_err(|e| {
            Error::from_io(&e, Stage::Cgroup, leaf.display().to_string())
                .with_hint("systemd was to hand the scope over (Delegate)")
        })?;
        write::write(&leaf, "cgroup.procs", &self.pid().to_string())
    }

    fn pid(&self) -> i32 {
        let anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        anchor.as_ref().map_or(0, Anchor::pid)
    }

    /// Its name, with `.scope`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its directory in a hierarchy, where systemd made one there.
    pub fn dir(&self, hierarchy: usize) -> Option<&Path> {
        let mut dirs = self.dirs.iter();
        let (_, dir, _) = dirs.find(|(index, ..)| *index == hierarchy)?;
        Some(dir)
    }

    /// Has systemd hold other limits.
    ///
    /// # Errors
    /// What systemd says.
    pub fn set(&self, limits: &Limits) -> Result<()> {
        let all = properties::of_limits(limits)?;
        if all.is_empty() {
            return Ok(());
        }
        let mut talk = Talk::open(self.manager, Instant::now() + ERRAND)?;
        let version = talk.version()?;
        talk.set_properties(&self.name, for_bus(&all, version))
    }

    /// Moves processes into the group `dir` below it, for a caller who may not do so itself: one that is
    /// not in its user manager's tree.
    ///
    /// # Errors
    /// What systemd says.
    pub fn attach(&self, dir: &Path, pids: &[i32]) -> Result<()> {
        let below = self
            .dirs
            .iter()
            .find_map(|(_, scope, _)| dir.strip_prefix(scope).ok());
        let below = below.map_or(String::new(), |path| format!("/{}", path.display()));
        let mut talk = Talk::open(self.manager, Instant::now() + ERRAND)?;
        talk.attach(&self.name, &below, pids)
    }

    /// Ends the anchor, and waits until systemd has taken the scope away, which must hold no other process.
    ///
    /// # Errors
    /// `Busy` when it is there after 10 seconds, with processes left or without.
    pub fn end(&self) -> Result<()> {
        let anchor = self
            .anchor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(anchor);
        if self.is_gone_within(SELF) {
            return Ok(());
        }
        // Where v1 has no agent that tells systemd of empty groups, or what was told got lost.
        give_up(self.manager, &self.name);
        if self.is_gone_within(STOP) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Busy,
            Stage::Cgroup,
            format!("unit {}", self.name),
            "systemd does not take it away",
        )
        .with_hint(format!("see: systemctl status {}", self.name)))
    }

    fn is_gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_micros(200);
        loop {
            let stands = |(_, dir, inode): &(usize, PathBuf, u64)| inode_of(dir) == Some(*inode);
            if !self.dirs.iter().any(stands) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

/// What was tried already.
#[derive(Default)]
struct Again {
    reset: bool,
    lost: u32,
}

/// How often a lost connection is made anew: systemd is away for a moment when it is executed anew.
const LOST: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

fn begin(wanted: &UnitPlan, name: &str, anchor: i32, deadline: Instant) -> Result<(), Fault> {
    let mut talk = Talk::open(wanted.manager, deadline)?;
    let version = talk.version()?;
    let common = common(wanted, anchor, version);
    let all = common
        .into_iter()
        .chain(for_bus(&wanted.properties, version));
    talk.start(name, all.collect())
}

/// What every scope of ours has.
fn common(wanted: &UnitPlan, anchor: i32, version: u32) -> Vec<(String, Value)> {
    let text = |text: &str| Value::Str(text.to_owned());
    let pids = Value::Array("u".into(), vec![Value::U32(anchor as u32)]);
    let description = format!("job of process {}", std::process::id());
    let mut all = vec![
        ("Description", text(&description), 0),
        ("PIDs", pids, 0),
        ("Delegate", Value::Bool(true), 218),
        // A scope that was out of memory has failed, and would be remembered.
        ("CollectMode", text("inactive-or-failed"), 236),
        // The job's end is the init's business; systemd would end the anchor, too.
        ("OOMPolicy", text("continue"), 253),
        ("CPUAccounting", Value::Bool(true), 0),
        ("MemoryAccounting", Value::Bool(true), 0),
        ("TasksAccounting", Value::Bool(true), 227),
        ("IOAccounting", Value::Bool(true), 230),
    ];
    if let Some(slice) = &wanted.slice {
        all.push(("Slice", text(slice), 0));
    }
    all.into_iter()
        .filter(|(_, _, since)| version >= *since)
        .map(|(name, value, _)| (name.to_owned(), value))
        .collect()
}

/// The properties that this version knows.
fn for_bus(all: &[Property], version: u32) -> Vec<(String, Value)> {
    let known = all.iter().filter(|property| version >= property.since);
    known
        .map(|property| {
            let value = match &property.value {
                PropertyValue::Flag(flag) => Value::Bool(*flag),
                PropertyValue::Number(number) => Value::U64(*number),
                PropertyValue::Text(text) => Value::Str(text.clone()),
                PropertyValue::Mask(bytes) => Value::Bytes(bytes.clone()),
                PropertyValue::Devices(list) => {
                    let pair = |(path, number): &(String, u64)| {
                        Value::Struct(vec![Value::Str(path.clone()), Value::U64(*number)])
                    };
                    Value::Array("(st)".into(), list.iter().map(pair).collect())
                }
            };
            (property.name.clone(), value)
        })
        .collect()
}

/// The directories that a process is in and that are a unit's of that name; the tree in which systemd
/// keeps account first.
fn dirs_of(pid: i32, name: &str, host: &CgroupHost) -> Result<Vec<(usize, PathBuf, u64)>> {
    let path = format!("/proc/{pid}/cgroup");
    let text =
        kernfile::read(Path::new(&path)).map_err(|e| Error::from_io(&e, Stage::Cgroup, path))?;
    let mut dirs = super::detect::scope_dirs(host, &text, &unit_name::escape(name));
    let first = super::tracked(host);
    dirs.sort_by_key(|(index, _)| Some(&host.hierarchies[*index]) != first);
    let with_inode = |(index, dir): (usize, PathBuf)| {
        let inode = inode_of(&dir)?;
        Some((index, dir, inode))
    };
    Ok(dirs.into_iter().filter_map(with_inode).collect())
}

fn inode_of(dir: &Path) -> Option<u64> {
    std::fs::metadata(dir).ok().map(|found| found.ino())
}

/// Has a unit stopped that is known to be ours; one that has gone meanwhile is fine.
fn give_up(manager: Manager, name: &str) {
    if let Ok(mut talk) = Talk::open(manager, Instant::now() + STOP) {
        let _ = talk.stop(name);
        let _ = talk.reset_failed(name);
    }
}
