//! What can be watched of a group, and what is reported: plain data, the same in every language.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Size;

/// What to watch of a group. As JSON a word (`"oom"`), or an object with that word
/// (`{"threshold": {"bytes": "8M"}}`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Watch {
    /// The group runs out of memory: `oom` when it happens, `oom_kill` for what the kernel killed.
    ///
    /// v2: `memory.events`, the groups below included. v1: an eventfd on `memory.oom_control`, which
    /// tells of the group and of those above it; kills are those of the group's own processes.
    Oom,
    /// The group's memory usage crosses a number of bytes, upwards or downwards: `threshold`. v1
    /// only: an eventfd on `memory.usage_in_bytes`.
    ///
    /// The kernel compares after every 128 pages or so, can tell several times of one crossing, and
    /// the usage may be elsewhere again when the event is read: its `value` is the usage then.
    Threshold {
        /// At least a page; rounded down to whole pages by the kernel.
        bytes: Size,
        /// Memory and swap together (`memory.memsw.usage_in_bytes`).
        #[serde(default)]
        memsw: bool,
    },
    /// The group's processes stall for want of a resource: `pressure`, at most once in a window. A
    /// group on the v2 tree, with or without controllers; Linux 5.2 and `CONFIG_PSI`
    /// (Documentation/accounting/psi.rst).
    Pressure {
        /// What they wait for.
        resource: Resource,
        /// Only time in which all of them stall at once; else that in which at least one does.
        #[serde(default)]
        full: bool,
        /// How long they stall within the window, in microseconds, 1 to `window_usec`.
        stall_usec: u64,
        /// The window in microseconds, 500,000 to 10,000,000. A caller without `CAP_SYS_RESOURCE`
        /// may only have multiples of 2,000,000, and is then told every two seconds at best.
        window_usec: u64,
    },
    /// The kernel finds it hard to reclaim memory of the group: `pressure_level`. v1 only: an
    /// eventfd on `memory.pressure_level`.
    PressureLevel {
        /// From which level on.
        level: Level,
        /// Whose pressure.
        #[serde(default)]
        mode: LevelMode,
    },
    /// Everything that `memory.events` counts: `limit` for `low`, `high` and `max`, `oom`, `oom_kill`,
    /// `oom_group_kill`. v2 only.
    MemoryEvents,
    /// A fork or clone fails at the limit of processes: `pids_limit`. `pids.events`; on v1 it is
    /// looked at every 100 ms, since most kernels do not tell.
    PidsEvents,
    /// The first process comes to the group or a group below, or the last one goes: `populated`,
    /// `empty`. v2: `cgroup.events`. v1 alone has no such notification: the lists of processes are
    /// looked at every 100 ms, so that shorter changes are missed.
    Populated,
    /// The group stands still or moves on: `frozen`, `thawed`. v2: `cgroup.events`, which knows
    /// nothing of the v1 freezer. v1 alone: `freezer.state`, looked at every 100 ms.
    Frozen,
}

impl Watch {
    /// The watch's word in snake_case.
    pub fn name(&self) -> &'static str {
        match self {
            Watch::Oom => "oom",
            Watch::Threshold { .. } => "threshold",
            Watch::Pressure { .. } => "pressure",
            Watch::PressureLevel { .. } => "pressure_level",
            Watch::MemoryEvents => "memory_events",
            Watch::PidsEvents => "pids_events",
            Watch::Populated => "populated",
            Watch::Frozen => "frozen",
        }
    }
}

/// What processes wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PressureResource")]
pub enum Resource {
    /// A CPU (`cpu.pressure`).
    Cpu,
    /// Memory: reclaim, pages read again (`memory.pressure`).
    Memory,
    /// Block devices (`io.pressure`).
    Io,
}

impl Resource {
    pub(super) fn file(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu.pressure",
            Resource::Memory => "memory.pressure",
            Resource::Io => "io.pressure",
        }
    }
}

/// A level of memory pressure on v1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PressureLevel")]
pub enum Level {
    /// Memory is being reclaimed.
    Low,
    /// Reclaim finds little to take: swapping, page cache in use.
    Medium,
    /// The group is about to run out of memory.
    Critical,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::Critical => "critical",
        }
    }
}

/// Whose memory pressure on v1 is told (Linux 4.13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PressureLevelMode")]
pub enum LevelMode {
    /// The group's, and that of groups below where nobody listens there.
    #[default]
    Default,
    /// The group's and that of all groups below.
    Hierarchy,
    /// The group's alone.
    Local,
}

impl LevelMode {
    pub(super) fn name(self) -> &'static str {
        match self {
            LevelMode::Default => "default",
            LevelMode::Hierarchy => "hierarchy",
            LevelMode::Local => "local",
        }
    }
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CgroupEventKind")]
#[non_exhaustive]
pub enum EventKind {
    /// Memory has run out. v1, where the group pauses instead of being killed: `detail` is `paused`.
    Oom,
    /// The kernel has killed processes for want of memory.
    OomKill,
    /// The kernel has killed whole groups (`memory.oom.group`; Linux 5.17 counts them).
    OomGroupKill,
    /// Memory usage has crossed the threshold; `value` is the usage now, `detail` `above` or `below`.
    Threshold,
    /// Stall time has gone over the trigger; `value` is the group's stall time so far in
    /// microseconds, `detail` `some` or `full`.
    Pressure,
    /// The kernel reclaims at or above the level in `detail`.
    PressureLevel,
    /// Memory has met a limit: `detail` is `low`, `high` or `max` (or another word of
    /// `memory.events`).
    Limit,
    /// A fork or clone has failed at the limit of processes.
    PidsLimit,
    /// There are processes now.
    Populated,
    /// There are no processes any more.
    Empty,
    /// All processes stand still.
    Frozen,
    /// They move again.
    Thawed,
    /// The group has been removed. The last event.
    Removed,
}

impl EventKind {
    /// Every kind, in declaration order.
    pub const ALL: [EventKind; 13] = [
        EventKind::Oom,
        EventKind::OomKill,
        EventKind::OomGroupKill,
        EventKind::Threshold,
        EventKind::Pressure,
        EventKind::PressureLevel,
        EventKind::Limit,
        EventKind::PidsLimit,
        EventKind::Populated,
        EventKind::Empty,
        EventKind::Frozen,
        EventKind::Thawed,
        EventKind::Removed,
    ];

    /// The kind's name in snake_case, as every language shows it.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Oom => "oom",
            EventKind::OomKill => "oom_kill",
            EventKind::OomGroupKill => "oom_group_kill",
            EventKind::Threshold => "threshold",
            EventKind::Pressure => "pressure",
            EventKind::PressureLevel => "pressure_level",
            EventKind::Limit => "limit",
            EventKind::PidsLimit => "pids_limit",
            EventKind::Populated => "populated",
            EventKind::Empty => "empty",
            EventKind::Frozen => "frozen",
            EventKind::Thawed => "thawed",
            EventKind::Removed => "removed",
        }
    }
}

/// Something that has happened to a group since the watch began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CgroupEvent")]
#[non_exhaustive]
pub struct Event {
    /// What has happened.
    pub kind: EventKind,
    /// Which watch tells it: its place in the list that was given, from 0. `removed` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<u32>,
    /// The group's file that tells it, such as `memory.events`; of `removed` the group's directory.
    pub file: String,
    /// How often since it was last reported, at least 1.
    pub count: u64,
    /// The kernel's figure now: the counter's total, the usage in bytes, the stall time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Which of several, as said at the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
