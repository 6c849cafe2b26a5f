"""What the library tells of cgroups, and is told to do with them.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Mapping, Optional, Sequence, Union

from ._spec import Size


@dataclass(frozen=True)
class ThresholdWatch:
    """The group's memory usage crosses a number of bytes, upwards or downwards: `threshold`. v1
    only: an eventfd on `memory.usage_in_bytes`.

    The kernel compares after every 128 pages or so, can tell several times of one crossing, and
    the usage may be elsewhere again when the event is read: its `value` is the usage then.
    """

    _tag = "threshold"

    bytes: Size
    """At least a page; rounded down to whole pages by the kernel."""

    memsw: bool = False
    """Memory and swap together (`memory.memsw.usage_in_bytes`)."""

PressureResource = Literal["cpu", "memory", "io"]
"""What processes wait for.

"cpu": A CPU (`cpu.pressure`).

"memory": Memory: reclaim, pages read again (`memory.pressure`).

"io": Block devices (`io.pressure`).
"""


@dataclass(frozen=True)
class PressureWatch:
    """The group's processes stall for want of a resource: `pressure`, at most once in a window.
    A group on the v2 tree, with or without controllers; Linux 5.2 and `CONFIG_PSI`
    (Documentation/accounting/psi.rst).
    """

    _tag = "pressure"

    resource: PressureResource
    """What they wait for."""

    stall_usec: int
    """How long they stall within the window, in microseconds, 1 to `window_usec`."""

    window_usec: int
    """The window in microseconds, 500,000 to 10,000,000. A caller without `CAP_SYS_RESOURCE`
    may only have multiples of 2,000,000, and is then told every two seconds at best.
    """

    full: bool = False
    """Only time in which all of them stall at once; else that in which at least one does."""

PressureLevel = Literal["low", "medium", "critical"]
"""A level of memory pressure on v1.

"low": Memory is being reclaimed.

"medium": Reclaim finds little to take: swapping, page cache in use.

"critical": The group is about to run out of memory.
"""

PressureLevelMode = Literal["default", "hierarchy", "local"]
"""Whose memory pressure on v1 is told (Linux 4.13).

"default": The group's, and that of groups below where nobody listens there.

"hierarchy": The group's and that of all groups below.

"local": The group's alone.
"""


@dataclass(frozen=True)
class PressureLevelWatch:
    """The kernel finds it hard to reclaim memory of the group: `pressure_level`. v1 only: an
    eventfd on `memory.pressure_level`.
    """

    _tag = "pressure_level"

    level: PressureLevel
    """From which level on."""

    mode: PressureLevelMode = "default"
    """Whose pressure."""

Watch = Union[Literal["oom", "memory_events", "pids_events", "populated", "frozen"], "ThresholdWatch", "PressureWatch", "PressureLevelWatch"]
"""What to watch of a group. As JSON a word (`"oom"`), or an object with that word
(`{"threshold": {"bytes": "8M"}}`).

"oom": The group runs out of memory: `oom` when it happens, `oom_kill` for what the kernel
killed.

v2: `memory.events`, the groups below included. v1: an eventfd on `memory.oom_control`, which
tells of the group and of those above it; kills are those of the group's own processes.

ThresholdWatch: The group's memory usage crosses a number of bytes, upwards or downwards:
`threshold`. v1 only: an eventfd on `memory.usage_in_bytes`.

The kernel compares after every 128 pages or so, can tell several times of one crossing, and the
usage may be elsewhere again when the event is read: its `value` is the usage then.

PressureWatch: The group's processes stall for want of a resource: `pressure`, at most once in a
window. A group on the v2 tree, with or without controllers; Linux 5.2 and `CONFIG_PSI`
(Documentation/accounting/psi.rst).

PressureLevelWatch: The kernel finds it hard to reclaim memory of the group: `pressure_level`.
v1 only: an eventfd on `memory.pressure_level`.

"memory_events": Everything that `memory.events` counts: `limit` for `low`, `high` and `max`,
`oom`, `oom_kill`, `oom_group_kill`. v2 only.

"pids_events": A fork or clone fails at the limit of processes: `pids_limit`. `pids.events`; on
v1 it is looked at every 100 ms, since most kernels do not tell.

"populated": The first process comes to the group or a group below, or the last one goes:
`populated`, `empty`. v2: `cgroup.events`. v1 alone has no such notification: the lists of
processes are looked at every 100 ms, so that shorter changes are missed.

"frozen": The group stands still or moves on: `frozen`, `thawed`. v2: `cgroup.events`, which
knows nothing of the v1 freezer. v1 alone: `freezer.state`, looked at every 100 ms.
"""

StatKind = Literal["cpu", "memory", "io", "pids", "pressure", "hugetlb", "rdma", "misc"]
"""A part of a snapshot.

"cpu": CPU time and throttling.

"memory": Memory and swap.

"io": Block devices.

"pids": Processes and threads.

"pressure": Pressure stall information (Linux 4.20).

"hugetlb": Huge pages.

"rdma": RDMA devices.

"misc": Whatever else the kernel counts by name (Linux 5.13).
"""

MemoryValue = Literal["usage", "max_usage", "limit", "failcnt", "memsw_usage", "memsw_max_usage", "memsw_limit", "memsw_failcnt"]
"""A number that the memory controller keeps; the names are those of v1.

"usage": Bytes in use, page cache included. v1 `memory.usage_in_bytes`, v2 `memory.current`.

"max_usage": The most that was in use since the group was made or this was reset. v1
`memory.max_usage_in_bytes`, v2 `memory.peak` (Linux 5.19; reset 6.12, for this handle alone).

"limit": The limit. v1 `memory.limit_in_bytes`, v2 `memory.max`.

"failcnt": How often the limit was hit. v1 `memory.failcnt`, v2 `max` of `memory.events` (no
reset). Where the limit with swap is the same, v1 counts nothing: go by the kills.

"memsw_usage": Bytes of memory and swap in use. v1 `memory.memsw.usage_in_bytes`, v2 the sum of
`memory.current` and `memory.swap.current`.

"memsw_max_usage": The most of both. v1 `memory.memsw.max_usage_in_bytes`; v2 has two peaks,
which cannot be added.

"memsw_limit": The limit of both. v1 `memory.memsw.limit_in_bytes`, v2 the sum of `memory.max`
and `memory.swap.max`.

"memsw_failcnt": How often the limit of both was hit. v1 `memory.memsw.failcnt`; v2 has no such
limit.
"""

ConversionRule = Literal["runc-2025", "systemd", "linear"]
"""How weights of one version become those of the other.

"runc-2025": The rule of runc 1.3.2, crun 1.23 and youki 0.6 (2025): 1024 shares are the weight
100, and both ends meet. What this library goes by.

"systemd": The rule of systemd for CPU weights: 1024 to 100 in proportion, cut at 1 and 10000.
For block devices that of crun under systemd: 100 is 100.

"linear": One straight line from end to end: runc before 1.3.2, where 1024 shares are the weight
39.
"""

CgroupVersion = Literal["v1", "v2"]
"""The version of a hierarchy's interface (cgroups(7)).

"v1": One hierarchy for each controller or group of controllers.

"v2": The unified hierarchy.
"""


@dataclass(frozen=True)
class CgroupPlace:
    """One directory of a group."""

    version: CgroupVersion
    """v1 or v2."""

    controllers: Sequence[str]
    """v1: the controllers of the hierarchy. v2: those that the group has (`cgroup.controllers`)."""

    name: Optional[str]
    """The name of a v1 hierarchy without controllers."""

    path: str
    """The directory."""


@dataclass(frozen=True)
class CpuStat:
    """CPU time of a group and of those below it, ended processes included. All times in
    microseconds.
    """

    usage_usec: Optional[int] = None
    """User and system time. v1: `cpuacct.usage`; v2: `cpu.stat`, which is there without a
    controller, too.
    """

    user_usec: Optional[int] = None
    """The user part. v1 counts it in ticks of 10 ms (`cpuacct.stat`)."""

    system_usec: Optional[int] = None
    """The system part; v1 as above."""

    nr_periods: Optional[int] = None
    """Periods of `cpus` that have passed while something could run."""

    nr_throttled: Optional[int] = None
    """Those in which the quota ran out."""

    throttled_usec: Optional[int] = None
    """How long processes waited for the next period, all CPUs together."""

    nr_bursts: Optional[int] = None
    """Periods that went over the quota by saved time (Linux 5.14)."""

    burst_usec: Optional[int] = None
    """The time over the quota (Linux 5.14)."""

    per_cpu_usec: Optional[Sequence[int]] = None
    """The time by CPU, v1 only (`cpuacct.usage_percpu`); all possible CPUs, those that are off
    too.
    """

    other: Mapping[str, int] = field(default_factory=dict)
    """What else the kernel tells in `cpu.stat`, by its own names."""


@dataclass(frozen=True)
class MemoryStat:
    """Memory of a group and of those below it, page cache and kernel memory included. Bytes."""

    current: Optional[int] = None
    """Now in use. Of the root of the v2 tree, which does not count it: anonymous memory and
    page cache.
    """

    peak: Optional[int] = None
    """The most that was in use at once. v2: Linux 5.19."""

    limit: Optional[int] = None
    """The limit, absent where there is none."""

    swap_current: Optional[int] = None
    """Swap in use. v1 tells only the sum with memory: the difference of two numbers that are
    read one after the other.
    """

    swap_peak: Optional[int] = None
    """The most swap that was in use at once, v2 only (Linux 6.5): the peak of a sum is not a
    sum of peaks.
    """

    swap_limit: Optional[int] = None
    """The swap limit, absent where there is none. v1: what the sum may be beyond the memory
    limit.
    """

    failcnt: Optional[int] = None
    """How often the limit stood in the way. v1: `memory.failcnt`, which stays 0 while the limit
    of the sum is no higher; v2: `max` of `memory.events`.
    """

    oom_kills: Optional[int] = None
    """Processes that the out of memory killer ended. v1: in this group alone."""

    under_oom: Optional[bool] = None
    """Whether processes wait for memory right now, v1 only."""

    events: Mapping[str, int] = field(default_factory=dict)
    """`memory.events`, v2 only."""

    stat: Mapping[str, int] = field(default_factory=dict)
    """`memory.stat` by the kernel's names, which are other ones on v1; what begins with
    `total_` there includes the groups below, the rest does not.
    """


@dataclass(frozen=True)
class IoStat:
    """What a group and those below it have read and written on one block device.

    v1 counts less than v2: of Linux 6.18 only devices on which some group has had a
    `blkio.throttle` limit since the host started, or whose scheduler is bfq.
    """

    device: str
    """The device's numbers, `MAJOR:MINOR`."""

    rbytes: int
    """Bytes read."""

    wbytes: int
    """Bytes written."""

    rios: int
    """Read operations."""

    wios: int
    """Write operations."""

    dbytes: int
    """Bytes discarded."""

    dios: int
    """Discard operations."""

    other: Mapping[str, int] = field(default_factory=dict)
    """What else the kernel tells, by its own names (`cost.usage` and its like), v2 only."""


@dataclass(frozen=True)
class PidsStat:
    """Processes and threads of a group and of those below it."""

    current: Optional[int] = None
    """How many there are."""

    peak: Optional[int] = None
    """The most that there were at once (Linux 6.1)."""

    limit: Optional[int] = None
    """The limit, absent where there is none."""

    denied: Optional[int] = None
    """How often a new one was refused. v1, and v2 before Linux 6.11: to a process of this
    group, by its limit or one above; v2 since: by the limit of this group or one below.
    """


@dataclass(frozen=True)
class Stalls:
    """How much of the time was lost."""

    avg10: float
    """Percent of the last 10 seconds."""

    avg60: float
    """Percent of the last minute."""

    avg300: float
    """Percent of the last 5 minutes."""

    total_usec: int
    """Microseconds since the group was made."""


@dataclass(frozen=True)
class Pressure:
    """The pressure of one resource."""

    some: Optional[Stalls] = None
    """While at least one process waited."""

    full: Optional[Stalls] = None
    """While all of them waited. For the CPU: Linux 5.13."""


@dataclass(frozen=True)
class PressureStat:
    """The pressure of a group and of those below it, by resource."""

    cpu: Optional[Pressure] = None
    """Runnable processes that waited for a CPU, throttled ones included."""

    memory: Optional[Pressure] = None
    """Processes that waited for memory."""

    io: Optional[Pressure] = None
    """Processes that waited for a block device."""


@dataclass(frozen=True)
class HugetlbStat:
    """Huge pages of one size of a group and of those below it. Bytes."""

    current: Optional[int] = None
    """Now in use."""

    peak: Optional[int] = None
    """The most that was in use at once, v1 only."""

    limit: Optional[int] = None
    """The limit, absent where there is none."""

    failcnt: Optional[int] = None
    """How often the limit refused a page."""


@dataclass(frozen=True)
class RdmaStat:
    """What a group and those below it hold of one RDMA device."""

    handles: int
    """HCA handles in use."""

    objects: int
    """HCA objects in use."""

    handles_limit: Optional[int] = None
    """The limit of handles, absent where there is none."""

    objects_limit: Optional[int] = None
    """The limit of objects, absent where there is none."""


@dataclass(frozen=True)
class MiscStat:
    """What a group and those below it hold of one resource."""

    current: int
    """Now in use."""

    peak: Optional[int] = None
    """The most that was in use at once (Linux 6.11)."""

    limit: Optional[int] = None
    """The limit, absent where there is none."""

    denied: Optional[int] = None
    """How often the limit stood in the way (Linux 5.16)."""


@dataclass(frozen=True)
class Stat:
    """What a group uses and has used. A part is absent when it was not asked for or the group
    has no such controller, a number when this kernel does not tell it or, of a limit, when
    there is none.

    The parts are read one after another, so that they are of slightly different moments.
    """

    cpu: Optional[CpuStat] = None
    """CPU time and throttling."""

    memory: Optional[MemoryStat] = None
    """Memory and swap."""

    io: Optional[Sequence[IoStat]] = None
    """Block devices, in the kernel's order."""

    pids: Optional[PidsStat] = None
    """Processes and threads."""

    pressure: Optional[PressureStat] = None
    """Pressure, which only a v2 directory has; that of the companion group on hybrid hosts."""

    hugetlb: Optional[Mapping[str, HugetlbStat]] = None
    """Huge pages by their size, such as `2MB`."""

    rdma: Optional[Mapping[str, RdmaStat]] = None
    """RDMA devices by name."""

    misc: Optional[Mapping[str, MiscStat]] = None
    """Further resources by name."""

CgroupEventKind = Literal["oom", "oom_kill", "oom_group_kill", "threshold", "pressure", "pressure_level", "limit", "pids_limit", "populated", "empty", "frozen", "thawed", "removed"]
"""What has happened.

"oom": Memory has run out. v1, where the group pauses instead of being killed: `detail` is
`paused`.

"oom_kill": The kernel has killed processes for want of memory.

"oom_group_kill": The kernel has killed whole groups (`memory.oom.group`; Linux 5.17 counts
them).

"threshold": Memory usage has crossed the threshold; `value` is the usage now, `detail` `above`
or `below`.

"pressure": Stall time has gone over the trigger; `value` is the group's stall time so far in
microseconds, `detail` `some` or `full`.

"pressure_level": The kernel reclaims at or above the level in `detail`.

"limit": Memory has met a limit: `detail` is `low`, `high` or `max` (or another word of
`memory.events`).

"pids_limit": A fork or clone has failed at the limit of processes.

"populated": There are processes now.

"empty": There are no processes any more.

"frozen": All processes stand still.

"thawed": They move again.

"removed": The group has been removed. The last event.
"""


@dataclass(frozen=True)
class CgroupEvent:
    """Something that has happened to a group since the watch began."""

    kind: CgroupEventKind
    """What has happened."""

    file: str
    """The group's file that tells it, such as `memory.events`; of `removed` the group's
    directory.
    """

    count: int
    """How often since it was last reported, at least 1."""

    watch: Optional[int] = None
    """Which watch tells it: its place in the list that was given, from 0. `removed` has none."""

    value: Optional[int] = None
    """The kernel's figure now: the counter's total, the usage in bytes, the stall time."""

    detail: Optional[str] = None
    """Which of several, as said at the kind."""


@dataclass(frozen=True)
class OomControl:
    """What happens in a group that is out of memory."""

    paused: bool
    """v1 `oom_kill_disable`: who needs memory that is not there waits, and nobody is killed. On
    v2 never.
    """

    under_oom: bool
    """v1: whether processes wait for memory now. On v2 never."""

    kills: int
    """How many processes the out of memory killer has ended in the group. v1 (Linux 4.13) of
    the group alone, v2 of those below it too.
    """


@dataclass(frozen=True)
class DeviceExplanation:
    """Whether the processes of a group may use a device in a way, and what decides.

    File permissions, mounts with `nodev` and the like are another matter.
    """

    allowed: bool
    """Whether no tree of the group denies it, as far as that can be seen."""

    rule: Optional[str]
    """The rule that decides, such as `deny b 8:0 w`; `None` where the default does, or a
    program that this library cannot read.
    """

    reason: str
    """What decides, in words, with the path of the group."""


__all__ = [
    "CgroupEvent",
    "CgroupEventKind",
    "CgroupPlace",
    "CgroupVersion",
    "ConversionRule",
    "CpuStat",
    "DeviceExplanation",
    "HugetlbStat",
    "IoStat",
    "MemoryStat",
    "MemoryValue",
    "MiscStat",
    "OomControl",
    "PidsStat",
    "Pressure",
    "PressureLevel",
    "PressureLevelMode",
    "PressureLevelWatch",
    "PressureResource",
    "PressureStat",
    "PressureWatch",
    "RdmaStat",
    "Stalls",
    "Stat",
    "StatKind",
    "ThresholdWatch",
    "Watch",
]
