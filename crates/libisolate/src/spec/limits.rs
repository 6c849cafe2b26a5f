//! What the job may use: cgroup limits, process limits, and the limits that the library keeps itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CpusetPartition, DeviceRule, IoLimit, RdmaLimit, Seconds, Size};

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
    /// Memory in bytes, at least 1, above which the job is slowed down and has to give back, but is not
    /// killed. cgroup: `memory.high`; v1 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_high: Option<Size>,
    /// Memory in bytes that is left to the job while others have some to give. cgroup: `memory.low`,
    /// v1 `memory.soft_limit_in_bytes` (the pair that runc takes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_low: Option<Size>,
    /// Memory in bytes that is left to the job whatever others need. cgroup: `memory.min`; v1 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_min: Option<Size>,
    /// Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup:
    /// `memory.swap.max`, v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap: Option<Size>,
    /// How readily the kernel swaps the job out instead of dropping its page cache, 0 to 200. cgroup:
    /// v1 `memory.swappiness`; v2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swappiness: Option<u64>,
    /// Whether running out of memory kills the job whole instead of one process of it. cgroup:
    /// `memory.oom.group` (Linux 4.19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_group: Option<bool>,
    /// Whether a process that runs out of memory stands still until some is freed or `memory` is raised,
    /// instead of being killed. cgroup: v1 `memory.oom_control`; v2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_pause: Option<bool>,
    /// Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
    /// `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of `cpu_period`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// The period over which `cpus` is counted, which it needs: 1 ms to 1 s, default 100 ms. `cpus` must
    /// come to at least 1 ms of it. cgroup: `cpu.max`, v1 `cpu.cfs_period_us`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_period: Option<Seconds>,
    /// CPU time that the job may save up in periods that it leaves unused, on top of what `cpus`, which it
    /// needs, gives for each: at most as much as that. cgroup: `cpu.max.burst`, v1 `cpu.cfs_burst_us`
    /// (Linux 5.14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_burst: Option<Seconds>,
    /// Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
    /// `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_weight: Option<u64>,
    /// Whether the job runs only where nobody else wants to; not with `cpu_weight`. cgroup: `cpu.idle`
    /// (Linux 5.15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_idle: Option<bool>,
    /// Time in each `cpu_rt_period` for the job's real-time processes, 0 to the whole of it. cgroup:
    /// v1 `cpu.rt_runtime_us` (a kernel with CONFIG_RT_GROUP_SCHED); v2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_rt_runtime: Option<Seconds>,
    /// The period over which `cpu_rt_runtime` is counted, 1 microsecond to 1000 seconds, default 1 second.
    /// cgroup: v1 `cpu.rt_period_us`; v2 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_rt_period: Option<Seconds>,
    /// The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset: Option<String>,
    /// The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_mems: Option<String>,
    /// Whether no sibling may have the CPUs of `cpuset`, which it needs. cgroup: `cpuset.cpus.exclusive`
    /// (Linux 6.7), v1 `cpuset.cpu_exclusive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_exclusive: Option<bool>,
    /// What the CPUs of `cpuset` are to the job. cgroup: `cpuset.cpus.partition`; v1 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpuset_partition: Option<CpusetPartition>,
    /// Limits for block devices, each device once. cgroup: `io.max`, v1 `blkio.throttle.*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io: Vec<IoLimit>,
    /// Share of every block device under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
    /// `io.weight` and `io.bfq.weight`, v1 `blkio.weight` and `blkio.bfq.weight`, as far as the kernel has
    /// them (all but the first 10 to 1000, converted by the inverse of the rule that runc has).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_weight: Option<u64>,
    /// Which devices the job may use: rules in order, on top of what the caller's own group may. cgroup: a
    /// program at the v2 group, v1 `devices.allow` and `devices.deny`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceRule>,
    /// The class of the packets of the sockets that the job opens, 0 to 4294967295: 0xAAAABBBB is class
    /// AAAA:BBBB of tc(8). cgroup: v1 `net_cls.classid`; where that is not mounted a program at the v2 group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_class: Option<u64>,
    /// The priority of the job's packets, 0 to 4294967295, by network interface of the host; `"*"` is every
    /// interface. cgroup: v1 `net_prio.ifpriomap`; where that is not mounted a program at the v2 group,
    /// which takes `"*"` alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub net_priorities: BTreeMap<String, u64>,
    /// Huge pages in bytes, by their size, such as `{"2MB": "64M"}`. cgroup: `hugetlb.2MB.max`, v1
    /// `hugetlb.2MB.limit_in_bytes`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hugetlb: BTreeMap<String, Size>,
    /// What the job may hold of RDMA adapters, each adapter once. cgroup: `rdma.max`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rdma: Vec<RdmaLimit>,
    /// How much the job may hold of what the host counts by name, such as `{"sev": 2}`. cgroup: `misc.max`
    /// (Linux 5.13).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub misc: BTreeMap<String, u64>,
    /// Further cgroup files by name with the text to write, after all other limits, such as
    /// `{"memory.swap.high": "64M"}`. The name begins with a controller's, or with `cgroup.`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
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
    /// Whether the named limit may be skipped.
    pub fn is_best_effort(&self, name: &str) -> bool {
        self.best_effort.iter().any(|n| n == name)
    }
}
