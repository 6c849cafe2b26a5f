//! What the job may use: cgroup limits, process limits, and the limits that the library keeps itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Seconds, Size};

/// What the job may use. A limit that is not set is not limited.
///
/// Each limit that is named must hold, or the job does not start; `best_effort` lists those that
/// may be skipped where the host cannot enforce them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Memory of the whole job in bytes, page cache included. Going over it ends the job as
    /// `out_of_memory`. Rounded down to a page by the kernel. cgroup: `memory.max`,
    /// v1 `memory.limit_in_bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup:
    /// `memory.swap.max`, v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<Size>,
    /// Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
    /// `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of 100 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
    /// `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_weight: Option<u64>,
    /// The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset: Option<String>,
    /// The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_mems: Option<String>,
    /// CPU time of the whole job (user and system, ended processes included). Going over it ends
    /// the job as `cpu_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time: Option<Seconds>,
    /// Bytes captured of stdout and stderr each; default 16 MiB. One byte more ends the job as
    /// `output_limit`; what was captured up to the limit is kept. 0 is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Size>,
    /// Limits of every process by itself (`setrlimit(2)`), such as `{"nofile": 256, "core": 0}`:
    /// soft and hard the same. Names: `as`, `core`, `data`, `fsize`, `locks`, `memlock`,
    /// `msgqueue`, `nice`, `nofile`, `nproc`, `rss`, `rtprio`, `rttime`, `sigpending`, `stack`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rlimits: BTreeMap<String, Size>,
    /// The names of limits above that may be skipped where the host cannot enforce them, such as
    /// `["memory", "pids"]`. The outcome's enforcement tells which were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub best_effort: Vec<String>,
}

impl Limits {
    /// The names that `best_effort` may list: those of limits that a cgroup holds.
    pub const CGROUP_NAMES: [&'static str; 8] = [
        "memory",
        "swap",
        "pids",
        "cpus",
        "cpu_weight",
        "cpuset",
        "cpuset_mems",
        "cpu_time",
    ];

    /// The names of the limits that are set and that a cgroup holds.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let set = [
            self.memory.is_some(),
            self.swap.is_some(),
            self.pids.is_some(),
            self.cpus.is_some(),
            self.cpu_weight.is_some(),
            self.cpuset.is_some(),
            self.cpuset_mems.is_some(),
            self.cpu_time.is_some(),
        ];
        Limits::CGROUP_NAMES
            .into_iter()
            .zip(set)
            .filter_map(|(name, set)| set.then_some(name))
    }

    /// Whether the named limit may be skipped.
    pub fn is_best_effort(&self, name: &str) -> bool {
        self.best_effort.iter().any(|n| n == name)
    }
}
