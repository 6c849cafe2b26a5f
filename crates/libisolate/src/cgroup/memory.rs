//! A group's memory by typed calls: v1's files by name and what v2 has for each, the pause at out of
//! memory, and giving memory back.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::PoisonError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::convert::is_unlimited;
use super::dir::Dir;
use super::tree::Tree;
use super::{Cgroup, Version};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::kernfile;

/// A number that the memory controller keeps; the names are those of v1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryValue {
    /// Bytes in use, page cache included. v1 `memory.usage_in_bytes`, v2 `memory.current`.
    Usage,
    /// The most that was in use since the group was made or this was reset. v1
    /// `memory.max_usage_in_bytes`, v2 `memory.peak` (Linux 5.19; reset 6.12, for this handle alone).
    MaxUsage,
    /// The limit. v1 `memory.limit_in_bytes`, v2 `memory.max`.
    Limit,
    /// How often the limit was hit. v1 `memory.failcnt`, v2 `max` of `memory.events` (no reset). Where
    /// the limit with swap is the same, v1 counts nothing: go by the kills.
    Failcnt,
    /// Bytes of memory and swap in use. v1 `memory.memsw.usage_in_bytes`, v2 the sum of
    /// `memory.current` and `memory.swap.current`.
    MemswUsage,
    /// The most of both. v1 `memory.memsw.max_usage_in_bytes`; v2 has two peaks, which cannot be added.
    MemswMaxUsage,
    /// The limit of both. v1 `memory.memsw.limit_in_bytes`, v2 the sum of `memory.max` and
    /// `memory.swap.max`.
    MemswLimit,
    /// How often the limit of both was hit. v1 `memory.memsw.failcnt`; v2 has no such limit.
    MemswFailcnt,
}

impl MemoryValue {
    /// Every one, in declaration order.
    pub const ALL: [MemoryValue; 8] = [
        MemoryValue::Usage,
        MemoryValue::MaxUsage,
        MemoryValue::Limit,
        MemoryValue::Failcnt,
        MemoryValue::MemswUsage,
        MemoryValue::MemswMaxUsage,
        MemoryValue::MemswLimit,
        MemoryValue::MemswFailcnt,
    ];

    /// The name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            MemoryValue::Usage => "usage",
            MemoryValue::MaxUsage => "max_usage",
            MemoryValue::Limit => "limit",
            MemoryValue::Failcnt => "failcnt",
            MemoryValue::MemswUsage => "memsw_usage",
            MemoryValue::MemswMaxUsage => "memsw_max_usage",
            MemoryValue::MemswLimit => "memsw_limit",
            MemoryValue::MemswFailcnt => "memsw_failcnt",
        }
    }

    /// The value of a name, or of v1's file name.
    ///
    /// # Errors
    /// `InvalidSpec` for any other word, with the list.
    pub fn parse(name: &str) -> Result<MemoryValue> {
        let found = MemoryValue::ALL
            .into_iter()
            .find(|value| value.name() == name || value.v1_file() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = MemoryValue::ALL.iter().map(|value| value.name()).collect();
            Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                format!("{name:?}"),
                format!("is none of {}", names.join(", ")),
            )
        })
    }

    /// The file of v1.
    pub fn v1_file(self) -> &'static str {
        match self {
            MemoryValue::Usage => "memory.usage_in_bytes",
            MemoryValue::MaxUsage => "memory.max_usage_in_bytes",
            MemoryValue::Limit => "memory.limit_in_bytes",
            MemoryValue::Failcnt => "memory.failcnt",
            MemoryValue::MemswUsage => "memory.memsw.usage_in_bytes",
            MemoryValue::MemswMaxUsage => "memory.memsw.max_usage_in_bytes",
            MemoryValue::MemswLimit => "memory.memsw.limit_in_bytes",
            MemoryValue::MemswFailcnt => "memory.memsw.failcnt",
        }
    }
}

/// What happens in a group that is out of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OomControl {
    /// v1 `oom_kill_disable`: who needs memory that is not there waits, and nobody is killed. On v2
    /// never.
    pub paused: bool,
    /// v1: whether processes wait for memory now. On v2 never.
    pub under_oom: bool,
    /// How many processes the out of memory killer has ended in the group. v1 (Linux 4.13) of the group
    /// alone, v2 of those below it too.
    pub kills: u64,
}

impl Cgroup {
    /// Reads a number of the memory controller's; `None` is no limit.
    ///
    /// # Errors
    /// `Unsupported` without the memory controller, without swap accounting, and for what v2 does not
    /// have.
    pub fn memory(&self, value: MemoryValue) -> Result<Option<u64>> {
        let tree = self.memory_tree()?;
        let dir = &tree.dir;
        if tree.version == Version::V1 {
            let number = number(dir, value.v1_file())?;
            return Ok(number.filter(|number| !is_unlimited(*number)));
        }
        match value {
            MemoryValue::Usage => number(dir, "memory.current"),
            MemoryValue::MaxUsage => self.peak(dir).map(Some),
            MemoryValue::Limit => number(dir, "memory.max"),
            MemoryValue::Failcnt => Ok(dir.keyed("memory.events", "max")),
            MemoryValue::MemswUsage => sum(
                number(dir, "memory.current")?,
                number(dir, "memory.swap.current")?,
            ),
            MemoryValue::MemswLimit => {
                sum(number(dir, "memory.max")?, number(dir, "memory.swap.max")?)
            }
            MemoryValue::MemswMaxUsage => Err(v1_only(
                value,
                "read memory.peak and memory.swap.peak: the two may have been at different times",
            )),
            MemoryValue::MemswFailcnt => Err(v1_only(
                value,
                "there is no limit of memory and swap together: see memory.swap.events",
            )),
        }
    }

    fn memory_tree(&self) -> Result<&Tree> {
        match self.is_gone() {
            true => Err(self.gone()),
            false => self.tree("memory"),
        }
    }

    /// Sets a limit of the memory controller's, `None` for none; gives what is in force then (rounded
    /// down to a page by the kernel).
    ///
    /// Where the group uses more than a new limit, the kernel first takes back what it can; a limit that
    /// is below the use even then is refused and nobody is killed.
    ///
    /// # Errors
    /// `Busy` for a limit below the use, with use and peak; `InvalidSpec` for a value that is no limit,
    /// and for a limit of both that is below that of memory.
    pub fn set_memory(&self, value: MemoryValue, limit: Option<u64>) -> Result<Option<u64>> {
        let tree = self.memory_tree()?;
        match (value, tree.version) {
            (MemoryValue::Limit | MemoryValue::MemswLimit, Version::V1) => {
                if value == MemoryValue::Limit {
                    self.check_sum(limit, self.memory(MemoryValue::MemswLimit).ok().flatten())?;
                } else {
                    self.check_sum(self.memory(MemoryValue::Limit)?, limit)?;
                }
                let text = limit.map_or("-1".to_owned(), |bytes| bytes.to_string());
                put_limit(tree, value.v1_file(), &text)?;
            }
            (MemoryValue::Limit, Version::V2) => {
                if let Some(bytes) = limit {
                    make_room(tree, bytes)?;
                }
                tree.dir.put("memory.max", &max_or(limit))?;
            }
            (MemoryValue::MemswLimit, Version::V2) => {
                let memory = self.memory(MemoryValue::Limit)?;
                self.check_sum(memory, limit)?;
                // Finite both, or no limit at all: the check has seen to that.
                let swap = limit.map(|both| both - memory.unwrap_or(0));
                tree.dir.put("memory.swap.max", &max_or(swap))?;
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidSpec,
                    Stage::Cgroup,
                    value.name(),
                    "is no limit; the peaks and counts can be reset",
                ));
            }
        }
        self.memory(value)
    }

    /// The limit of memory and swap together may not be below that of memory (v1 says EINVAL).
    fn check_sum(&self, memory: Option<u64>, both: Option<u64>) -> Result<()> {
        match (memory, both) {
            (memory, Some(both)) if memory.is_none_or(|memory| memory > both) => Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                format!("memsw_limit: {both}"),
                match memory {
                    Some(memory) => format!(
                        "memory and swap together cannot be limited below memory alone, {memory}: \
                         lower that first, or raise this first"
                    ),
                    None => {
                        "memory and swap together cannot be limited while memory alone is not: \
                             limit that first"
                            .to_owned()
                    }
                },
            )),
            _ => Ok(()),
        }
    }

    /// Starts a peak or a count again.
    ///
    /// v2 starts the peak again for this handle alone. Of several handles that have done so the kernel
    /// knows only the highest use since the last one did.
    ///
    /// # Errors
    /// `InvalidSpec` for a use or a limit; `Unsupported` on v2 for all but the peak, and for that before
    /// Linux 6.12.
    pub fn reset_memory(&self, value: MemoryValue) -> Result<()> {
        let tree = self.memory_tree()?;
        match (value, tree.version) {
            (
                MemoryValue::MaxUsage
                | MemoryValue::Failcnt
                | MemoryValue::MemswMaxUsage
                | MemoryValue::MemswFailcnt,
                Version::V1,
            ) => tree.dir.write(value.v1_file(), "0"),
            (MemoryValue::MaxUsage, Version::V2) => self.reset_peak(tree),
            (
                MemoryValue::Failcnt | MemoryValue::MemswMaxUsage | MemoryValue::MemswFailcnt,
                Version::V2,
            ) => Err(v1_only(
                value,
                "counts of v2 are never reset: take the difference",
            )),
            _ => Err(Error::new(
                ErrorKind::InvalidSpec,
                Stage::Cgroup,
                value.name(),
                "is neither a peak nor a count",
            )),
        }
    }

    /// v2 resets the peak for the one open file through which it was asked to.
    fn reset_peak(&self, tree: &Tree) -> Result<()> {
        let mut file = tree.dir.update("memory.peak")?;
        file.write_all(b"reset\n").map_err(|e| {
            Error::from_io(&e, Stage::Cgroup, "memory.peak: \"reset\"")
                .with_kind(ErrorKind::Unsupported)
                .with_hint("resetting the peak needs Linux 6.12")
        })?;
        *self.peak.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    fn peak(&self, dir: &Dir) -> Result<u64> {
        let mut kept = self.peak.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match kept.as_mut() {
            Some(file) => {
                through(file).map_err(|e| Error::from_io(&e, Stage::Cgroup, "memory.peak"))?
            }
            None => dir.read("memory.peak")?,
        };
        Ok(text.trim().parse().unwrap_or(0))
    }

    /// What happens when the group is out of memory, and how often it has.
    ///
    /// # Errors
    /// `Unsupported` without the memory controller.
    pub fn oom_control(&self) -> Result<OomControl> {
        let tree = self.memory_tree()?;
        let file = match tree.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        let text = tree.dir.read(file)?;
        let of = |key: &str| super::write::keyed_in(&text, key);
        Ok(OomControl {
            paused: of("oom_kill_disable") == Some(1),
            under_oom: of("under_oom") == Some(1),
            kills: of("oom_kill").unwrap_or(0),
        })
    }

    /// Whether who needs memory that is not there waits for it instead of being killed: until a limit
    /// is raised, memory is freed, or this is taken back. v1 alone (`memory.oom_control`).
    ///
    /// # Errors
    /// `Unsupported` on v2: freeze the group at an event of `memory.high` instead.
    pub fn set_oom_pause(&self, paused: bool) -> Result<()> {
        let tree = self.memory_tree()?;
        if tree.version == Version::V2 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                Stage::Cgroup,
                "memory.oom_control",
                "v2 always kills: set memory.high, watch its events, and freeze the group instead",
            ));
        }
        let value = if paused { "1" } else { "0" };
        tree.dir.write("memory.oom_control", value)
    }

    /// Asks the kernel to take memory back from the group: page cache and, where there is swap, idle
    /// memory. `None` for all that goes (v1 `memory.force_empty`, v2 `memory.reclaim`, Linux 5.19), or so
    /// many bytes (v2). Gives the bytes that were freed.
    ///
    /// # Errors
    /// `Unsupported` for a number of bytes on v1.
    pub fn reclaim(&self, bytes: Option<u64>) -> Result<u64> {
        let tree = self.memory_tree()?;
        let before = self.memory(MemoryValue::Usage)?.unwrap_or(0);
        match (tree.version, bytes) {
            (Version::V1, None) => tree.dir.write("memory.force_empty", "0")?,
            (Version::V1, Some(_)) => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Stage::Cgroup,
                    "memory.force_empty",
                    "v1 takes back all it can, not a number of bytes",
                ));
            }
            (Version::V2, bytes) => reclaim(&tree.dir, bytes.unwrap_or(before))?,
        }
        let after = self.memory(MemoryValue::Usage)?.unwrap_or(0);
        Ok(before.saturating_sub(after))
    }
}

/// EAGAIN says that there was less to take.
fn reclaim(dir: &Dir, bytes: u64) -> Result<()> {
    match dir.write("memory.reclaim", &bytes.to_string()) {
        Err(error) if error.errno() == libc::EAGAIN => Ok(()),
        done => done,
    }
}

/// Lowering `memory.max` below the use kills; v1 refuses it with EBUSY, and so do we.
pub(super) fn make_room(tree: &Tree, limit: u64) -> Result<()> {
    let used = || tree.dir.number("memory.current").unwrap_or(0);
    if used() <= limit {
        return Ok(());
    }
    // Before Linux 5.19 there is no such file; then what is used now is what counts.
    let _ = reclaim(&tree.dir, used() - limit);
    match used() <= limit {
        true => Ok(()),
        false => {
            let busy = Error::from_errno(
                isolate_sys::Errno::EBUSY,
                Stage::Cgroup,
                format!("memory.max: \"{limit}\""),
            );
            Err(in_use(tree, busy))
        }
    }
}

/// Writes a v1 limit; EBUSY is explained by the use.
pub(super) fn put_limit(tree: &Tree, file: &str, value: &str) -> Result<String> {
    tree.dir
        .put(file, value)
        .map_err(|error| match error.errno() {
            libc::EBUSY => in_use(tree, error),
            _ => error,
        })
}

/// `memory.limit_in_bytes: "4096": Device or resource busy; …`, with the numbers.
pub(super) fn in_use(tree: &Tree, error: Error) -> Error {
    let (used, peak) = match tree.version {
        Version::V1 => ("memory.usage_in_bytes", "memory.max_usage_in_bytes"),
        Version::V2 => ("memory.current", "memory.peak"),
    };
    let told = |file| {
        tree.dir
            .number(file)
            .map_or("unknown".to_owned(), |n| n.to_string())
    };
    Error::from_errno(isolate_sys::Errno::EBUSY, Stage::Cgroup, error.subject()).with_hint(format!(
        "the group uses {} bytes, at most {}, and cannot give back enough",
        told(used),
        told(peak)
    ))
}

/// `None` for `max`.
fn number(dir: &Dir, file: &str) -> Result<Option<u64>> {
    let text = dir.read(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound if dir.has("cgroup.procs") => error
            .with_kind(ErrorKind::Unsupported)
            .with_hint("this kernel has no such file (swap accounting is off, or it is too old)"),
        _ => error,
    })?;
    match text.trim() {
        "max" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| {
            Error::new(
                ErrorKind::Other,
                Stage::Cgroup,
                file,
                format!("{digits:?} is no number"),
            )
        }),
    }
}

fn sum(memory: Option<u64>, swap: Option<u64>) -> Result<Option<u64>> {
    Ok(memory
        .zip(swap)
        .map(|(memory, swap)| memory.saturating_add(swap)))
}

fn max_or(limit: Option<u64>) -> String {
    limit.map_or("max".to_owned(), |bytes| bytes.to_string())
}

fn v1_only(value: MemoryValue, hint: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Stage::Cgroup,
        value.v1_file(),
        format!("v2 has nothing like it; {hint}"),
    )
}

fn through(file: &mut File) -> std::io::Result<String> {
    file.rewind()?;
    String::from_utf8(kernfile::rest(file)?).map_err(|_| std::io::ErrorKind::InvalidData.into())
}
