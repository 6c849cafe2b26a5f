//! What a group uses and has used, as one typed snapshot, whatever versions its controllers are of.
//!
//! One file for each controller, v1 and v2 side by side: what to read, and a pure parser of each text.

mod cpu;
mod hugetlb;
pub(super) mod io;
mod memory;
mod misc;
mod pids;
mod pressure;
mod rdma;
mod reader;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tree::Tree;
use super::{Cgroup, Version};
use crate::error::{Error, Result};
use reader::Reader;

pub use cpu::CpuStat;
pub use hugetlb::HugetlbStat;
pub use io::IoStat;
pub use memory::MemoryStat;
pub use misc::MiscStat;
pub use pids::PidsStat;
pub use pressure::{Pressure, PressureStat, Stalls};
pub use rdma::RdmaStat;

/// A part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatKind {
    /// CPU time and throttling.
    Cpu,
    /// Memory and swap.
    Memory,
    /// Block devices.
    Io,
    /// Processes and threads.
    Pids,
    /// Pressure stall information (Linux 4.20).
    Pressure,
    /// Huge pages.
    Hugetlb,
    /// RDMA devices.
    Rdma,
    /// Whatever else the kernel counts by name (Linux 5.13).
    Misc,
}

impl StatKind {
    /// Every part, in the order of a snapshot.
    pub const ALL: [StatKind; 8] = [
        StatKind::Cpu,
        StatKind::Memory,
        StatKind::Io,
        StatKind::Pids,
        StatKind::Pressure,
        StatKind::Hugetlb,
        StatKind::Rdma,
        StatKind::Misc,
    ];

    /// The part's name, the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            StatKind::Cpu => "cpu",
            StatKind::Memory => "memory",
            StatKind::Io => "io",
            StatKind::Pids => "pids",
            StatKind::Pressure => "pressure",
            StatKind::Hugetlb => "hugetlb",
            StatKind::Rdma => "rdma",
            StatKind::Misc => "misc",
        }
    }
}

impl fmt::Display for StatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StatKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<StatKind> {
        StatKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let names = StatKind::ALL.map(StatKind::name).join(", ");
                Error::invalid("stat", format!("{name:?} is not one of {names}"))
            })
    }
}

/// What a group uses and has used. A part is absent when it was not asked for or the group has no such
/// controller, a number when this kernel does not tell it or, of a limit, when there is none.
///
/// The parts are read one after another, so that they are of slightly different moments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Stat {
    /// CPU time and throttling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuStat>,
    /// Memory and swap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryStat>,
    /// Block devices, in the kernel's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io: Option<Vec<IoStat>>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<PidsStat>,
    /// Pressure, which only a v2 directory has; that of the companion group on hybrid hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure: Option<PressureStat>,
    /// Huge pages by their size, such as `2MB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hugetlb: Option<BTreeMap<String, HugetlbStat>>,
    /// RDMA devices by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rdma: Option<BTreeMap<String, RdmaStat>>,
    /// Further resources by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misc: Option<BTreeMap<String, MiscStat>>,
}

impl Cgroup {
    /// What the group uses and has used: the parts that are named, or all with [`StatKind::ALL`].
    ///
    /// Cheap to call again and again: each file costs three system calls through the directories that
    /// are held open, and no path is walked.
    ///
    /// # Errors
    /// `NotFound` with the path when the group was removed; what the kernel says, with the file.
    pub fn stat(&self, kinds: &[StatKind]) -> Result<Stat> {
        read(&self.trees, kinds)
    }
}

/// Reads the parts of a group that has a directory in each of these trees.
///
/// # Errors
/// `NotFound` with the path when a directory is gone; what the kernel says, with the file.
pub(crate) fn read(trees: &[Tree], kinds: &[StatKind]) -> Result<Stat> {
    let mut reader = Reader::new();
    let mut stat = Stat::default();
    let of = |controller: &str| trees.iter().find(|tree| tree.has(controller));
    // Pressure and CPU time need no controller.
    let unified = trees.iter().find(|tree| tree.version == Version::V2);
    for kind in kinds {
        match kind {
            StatKind::Cpu => {
                stat.cpu = cpu::read(&mut reader, of("cpu"), of("cpuacct"), unified)?;
            }
            StatKind::Memory => {
                stat.memory = of("memory")
                    .map(|tree| memory::read(&mut reader, tree))
                    .transpose()?;
            }
            StatKind::Io => {
                stat.io = of("io")
                    .or_else(|| of("blkio"))
                    .map(|tree| io::read(&mut reader, tree))
                    .transpose()?;
            }
            StatKind::Pids => {
                stat.pids = of("pids")
                    .map(|tree| pids::read(&mut reader, tree))
                    .transpose()?;
            }
            StatKind::Pressure => {
                stat.pressure = match unified {
                    Some(tree) => pressure::read(&mut reader, tree)?,
                    None => None,
                };
            }
            StatKind::Hugetlb => {
                stat.hugetlb = of("hugetlb")
                    .map(|tree| hugetlb::read(&mut reader, tree))
                    .transpose()?;
            }
            StatKind::Rdma => {
                stat.rdma = of("rdma")
                    .map(|tree| rdma::read(&mut reader, tree))
                    .transpose()?;
            }
            StatKind::Misc => {
                stat.misc = of("misc")
                    .map(|tree| misc::read(&mut reader, tree))
                    .transpose()?;
            }
        }
    }
    Ok(stat)
}

#[cfg(test)]
mod tests;
