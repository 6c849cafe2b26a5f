//! From what to watch to what is read: which file of which hierarchy tells it, or why none does.

use nix::sys::inotify::Inotify;

use super::counters::{Counters, Meaning};
use super::notified::{Oom, Pressured, Threshold};
use super::pressure::Pressure;
use super::record::Watch;
use super::source::{Origin, Pace, Source, gone, is_gone, is_there};
use super::state::{State, Watched};
use crate::cgroup::Version;
use crate::cgroup::dir::Dir;
use crate::cgroup::tree::Tree;
use crate::error::{Error, ErrorKind, Result, Stage};

/// The sources of a list of watches, and the group's directories that they read.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub sources: Vec<Box<dyn Source>>,
    pub dirs: Vec<Dir>,
    /// Tells of pressure, where that is watched.
    pub notes: Option<Inotify>,
}

impl Opened {
    /// Adds what a watch reads.
    pub fn add(&mut self, trees: &[Tree], number: usize, watch: &Watch) -> Result<()> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let used = homes(trees, watch)?;
        for tree in &used {
            if !is_there(&tree.dir) {
                return Err(gone(&tree.dir));
            }
            if self.dirs.iter().all(|d| d.path() != tree.dir.path()) {
                self.dirs.push(tree.dir.try_clone()?);
            }
        }
        let source = self.source(&used, number, watch).map_err(|error| {
            // It may have gone just now; what is missing in a group that is there, its kernel lacks.
            match used.iter().find(|tree| !is_there(&tree.dir)) {
                Some(tree) => gone(&tree.dir),
                None if is_gone(&error) && error.kind() == ErrorKind::NotFound => error
                    .with_kind(ErrorKind::Unsupported)
                    .with_hint(missing(watch)),
                None => error,
            }
        })?;
        self.sources.push(source);
        Ok(())
    }

    fn source(&mut self, used: &[&Tree], number: u32, watch: &Watch) -> Result<Box<dyn Source>> {
        let Some(tree) = used.first() else {
            return Err(unsupported(watch, "the group has no directory"));
        };
        let (dir, version) = (&tree.dir, tree.version);
        let origin = |file| Origin {
            watch: number,
            file,
        };
        Ok(match (watch, version) {
            (Watch::Oom, Version::V1) => Box::new(Oom::new(dir, number)?),
            (Watch::Oom, Version::V2) => Box::new(Counters::new(
                dir,
                origin("memory.events"),
                Meaning::Oom,
                Pace::Slow,
            )?),
            (Watch::MemoryEvents, _) => Box::new(Counters::new(
                dir,
                origin("memory.events"),
                Meaning::Memory,
                Pace::Slow,
            )?),
            (Watch::PidsEvents, _) => {
                // Measured on Linux 6.18: on v1 the file changes, and nobody who polls it is woken.
                let pace = match version {
                    Version::V1 => Pace::Fast,
                    Version::V2 => Pace::Slow,
                };
                Box::new(Counters::new(
                    dir,
                    origin("pids.events"),
                    Meaning::Pids,
                    pace,
                )?)
            }
            (Watch::Threshold { bytes, memsw }, _) => {
                let file = match memsw {
                    true => "memory.memsw.usage_in_bytes",
                    false => "memory.usage_in_bytes",
                };
                Box::new(Threshold::new(dir, origin(file), bytes.0)?)
            }
            (Watch::PressureLevel { level, mode }, _) => Box::new(Pressured::new(
                dir,
                origin("memory.pressure_level"),
                level.name(),
                mode.name(),
            )?),
            (
                Watch::Pressure {
                    resource,
                    full,
                    stall_usec,
                    window_usec,
                },
                _,
            ) => Box::new(Pressure::new(
                dir,
                (number, *resource, *full),
                (*stall_usec, *window_usec),
                &mut self.notes,
            )?),
            (Watch::Populated | Watch::Frozen, _) => {
                let state = match watch {
                    Watch::Populated => State::Populated,
                    _ => State::Frozen,
                };
                let file = match (version, state) {
                    (Version::V2, _) => "cgroup.events",
                    (Version::V1, State::Populated) => "cgroup.procs",
                    (Version::V1, State::Frozen) => "freezer.state",
                };
                Box::new(match version {
                    Version::V2 => Watched::on_v2(dir, origin(file), state)?,
                    Version::V1 => {
                        let dirs = used.iter().map(|tree| tree.dir.try_clone());
                        Watched::on_v1(dirs.collect::<Result<_>>()?, origin(file), state)?
                    }
                })
            }
        })
    }
}

/// The group's directories that tell of what is to be watched. Never empty.
fn homes<'t>(trees: &'t [Tree], watch: &Watch) -> Result<Vec<&'t Tree>> {
    let unified = trees.iter().find(|tree| tree.version == Version::V2);
    let controller = |name: &str| {
        trees.iter().find(|tree| tree.has(name)).ok_or_else(|| {
            let detail = format!(
                "the group has no {name} controller: create it with that, where the host has it"
            );
            unsupported(watch, &detail)
        })
    };
    match watch {
        Watch::Oom => controller("memory").map(|tree| vec![tree]),
        Watch::PidsEvents => controller("pids").map(|tree| vec![tree]),
        Watch::MemoryEvents => match controller("memory")? {
            tree if tree.version == Version::V2 => Ok(vec![tree]),
            _ => Err(unsupported(
                watch,
                "memory is on a v1 hierarchy here, which has no memory.events: watch oom, threshold or \
                 pressure_level",
            )),
        },
        Watch::Threshold { bytes, .. } => {
            let page = page();
            if bytes.0 < page {
                return Err(Error::new(
                    ErrorKind::InvalidSpec,
                    Stage::Cgroup,
                    format!("threshold: {}", bytes.0),
                    format!("is less than a page ({page} bytes)"),
                ));
            }
            on_v1(
                controller("memory")?,
                watch,
                "memory is on the v2 tree here, which has no usage thresholds: set memory_high and watch \
                 memory_events, or watch pressure of memory",
            )
        }
        Watch::PressureLevel { .. } => on_v1(
            controller("memory")?,
            watch,
            "memory is on the v2 tree here, which has no pressure levels: watch pressure of memory",
        ),
        Watch::Pressure { .. } => unified.map(|tree| vec![tree]).ok_or_else(|| {
            unsupported(
                watch,
                "the group has no directory on a v2 tree, and only that tells of stalls: mount cgroup2, or \
                 watch pressure_level",
            )
        }),
        Watch::Populated => match unified {
            Some(tree) => Ok(vec![tree]),
            None if trees.is_empty() => Err(unsupported(watch, "the group has no directory")),
            None => Ok(trees.iter().collect()),
        },
        // Linux 5.2.
        Watch::Frozen => match unified.filter(|tree| tree.dir.has("cgroup.freeze")) {
            Some(tree) => Ok(vec![tree]),
            None => controller("freezer").map(|tree| vec![tree]),
        },
    }
}

fn on_v1<'t>(tree: &'t Tree, watch: &Watch, otherwise: &str) -> Result<Vec<&'t Tree>> {
    match tree.version {
        Version::V1 => Ok(vec![tree]),
        Version::V2 => Err(unsupported(watch, otherwise)),
    }
}

/// Why a file may be missing.
fn missing(watch: &Watch) -> &'static str {
    match watch {
        Watch::Populated | Watch::Frozen => {
            "the root group of a hierarchy has no such file: watch a group below it"
        }
        Watch::Threshold { memsw: true, .. } => {
            "the kernel does not account swap: boot with swapaccount=1"
        }
        _ => "the root group of a hierarchy, or this kernel, has no such file",
    }
}

fn unsupported(watch: &Watch, detail: &str) -> Error {
    Error::new(ErrorKind::Unsupported, Stage::Cgroup, watch.name(), detail)
}

/// Bytes in a page.
pub(super) fn page() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE);
    size.ok()
        .flatten()
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or(4096)
}
