"""The types of a spec and of an outcome.

Made by `cargo xtask codegen` from the Rust types; not to be edited.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from typing import AnyStr, Generic, Literal, Mapping, Optional, Protocol, Sequence, TypedDict, Union

from ._methods import OutcomeMethods, SpecMethods

Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
"""What Linux takes for paths and arguments: text, bytes, or a path object; never with a NUL."""

Size = Union[int, str]
"""A number of bytes, or text with a suffix: "64K", "512M", "1.5G" (powers of 1024)."""

Seconds = Union[float, str, datetime.timedelta]
"""A number of seconds, text with a unit ("500ms", "1.5s", "2m", "1h"), or a timedelta."""


class HasFileno(Protocol):
    """Anything with a descriptor: an open file, a socket, a `Namespace`."""

    def fileno(self) -> int:
        """The descriptor's number."""

Profile = Literal["strict", "none"]
"""How much isolation a spec starts from; every word of the spec then changes one thing.

"strict": Everything closed: all eight namespaces, a root of the host's system directories only
(read-only), no network but loopback, no capabilities, no new privileges, the default system
call filter, a clean environment, a new session and a cgroup with a pids limit.

"none": Nothing but what the spec names: bare primitives.
"""

NamespaceMode = Union[Literal["new", "try", "host"], "Text", int, HasFileno]
"""Whether the job has a namespace of its own, or enters one that is there.

To enter one takes CAP_SYS_ADMIN over it: that of the caller, or, where the job enters its user
namespace too, whatever that gives (setns(2)).

"new": A new one; where the host cannot make it the job does not start.

"try": A new one where the host can make it, else the caller's; the enforcement tells which.

"host": The caller's.

a path object, or text with a slash: That at a path, such as /run/netns/NAME or
/proc/PID/ns/net.

a `Namespace`, an integer or an open file: That of a descriptor of the caller's, which stays the
caller's.
"""


@dataclass(frozen=True)
class Namespaces:
    """The eight namespaces (namespaces(7)). One that is not named follows the profile: `new`
    under `strict`, `host` under `none`.
    """

    cgroup: Optional[NamespaceMode] = None
    """The cgroup root that the job sees (cgroup_namespaces(7))."""

    ipc: Optional[NamespaceMode] = None
    """System V IPC and POSIX message queues (ipc_namespaces(7))."""

    net: Optional[NamespaceMode] = None
    """Network devices, addresses, ports (network_namespaces(7)); a new one has only `lo`, up."""

    mnt: Optional[NamespaceMode] = None
    """Mounts (mount_namespaces(7))."""

    pid: Optional[NamespaceMode] = None
    """Process ids (pid_namespaces(7))."""

    time: Optional[NamespaceMode] = None
    """Monotonic and boot-time clocks (time_namespaces(7))."""

    user: Optional[NamespaceMode] = None
    """User and group ids and capabilities (user_namespaces(7))."""

    uts: Optional[NamespaceMode] = None
    """Host and domain name (uts_namespaces(7))."""


@dataclass(frozen=True)
class IdMap:
    """One line of a uid or gid map: `count` ids from `inside` on are `outside` and following
    for the caller's namespace.
    """

    inside: int
    """First id inside the job."""

    outside: int
    """First id outside, as the caller sees it."""

    count: int
    """How many, at least 1."""


@dataclass(frozen=True)
class TimeOffsets:
    """Offsets of the time namespace's clocks, in seconds, negative allowed (time_namespaces(7))."""

    monotonic: float = 0.0
    """Added to CLOCK_MONOTONIC, seconds."""

    boottime: float = 0.0
    """Added to CLOCK_BOOTTIME, seconds."""

Net = Literal["none", "host"]
"""The job's network, in one word.

"none": A network namespace with nothing but `lo`.

"host": The caller's network.
"""


@dataclass(frozen=True)
class RootDir:
    """A directory that becomes the job's root."""

    _tag = "dir"

    path: Text
    """The directory."""

    rw: bool = False
    """Whether the job may write there; default no."""

Root = Union[Literal["system", "host", "keep"], "RootDir"]
"""The job's root directory.

"system": A new root that holds only the host's system directories (/usr /bin /sbin /lib* /etc),
read-only, with private /tmp and /dev/shm, fresh /proc and minimal /dev.

"host": All of the host's files, read-only with every mount below, with private /tmp and
/dev/shm, fresh /proc and minimal /dev.

RootDir: A directory to pivot into, with private /tmp and /dev/shm, fresh /proc and minimal
/dev.

"keep": The caller's mounts as they are; `binds` and `tmpfs` are mounted over them.
"""


@dataclass(frozen=True)
class Bind:
    """A file or directory of the caller's that the job sees."""

    source: Text
    """The caller's file or directory, an absolute path."""

    dest: Optional[Text] = None
    """Where the job sees it, an absolute path; the same path when left out."""

    rw: bool = False
    """Whether the job may write there; default no. Files the job makes there belong to the
    caller.
    """

    best_effort: bool = False
    """Whether a source that does not exist is skipped; default no."""


@dataclass(frozen=True)
class Tmpfs:
    """A private file system in memory, empty at the start, gone with the job."""

    dest: Text
    """Where it is mounted, an absolute path."""

    size: Optional[Size] = None
    """Bytes it may hold; default 64 MiB."""

    inodes: Optional[int] = None
    """Files and directories it may hold; default one for each 4 KiB of `size`."""

    mode: Optional[int] = None
    """Permission bits of its root directory; default 0o755."""


@dataclass(frozen=True)
class StdioFile:
    """A file that a standard stream is connected to."""

    _tag = "file"

    path: Text
    """The path, as the caller sees it. Created with mode 0666 less the caller's umask."""

    append: bool = False
    """Whether to write after what is there; default no."""

Stdio = Union[Literal["inherit", "null", "pipe", "capture"], "StdioFile", int, HasFileno]
"""Where a standard stream of the job goes.

"inherit": The caller's own stream.

"null": /dev/null.

"pipe": A pipe whose other end the caller takes from the job.

"capture": Collected into the outcome, up to `limits.output` bytes (stdout and stderr only).

StdioFile: A file: read for stdin; created, and truncated unless `append`, for stdout and
stderr.

an integer or an open file: A descriptor of the caller's, which stays the caller's.
"""

CpusetPartition = Literal["member", "root", "isolated"]
"""What the CPUs of `cpuset` are to the job's group (cgroups(7), `cpuset.cpus.partition`).

"member": CPUs shared with other groups, as every new group has.

"root": CPUs of its own, over which the scheduler balances the job.

"isolated": CPUs of its own, over which nothing is balanced.
"""


@dataclass(frozen=True)
class IoLimit:
    """How fast the job may read and write one block device, and its share of it. What is not
    set is not limited; at least one must be.

    v1 throttles what a process reads and writes by itself; what the kernel writes back later
    from the page cache is limited on v2 only.
    """

    device: str
    """The whole disk, not a partition: the path of its block device, such as `"/dev/sda"`, or
    its numbers, such as `"8:0"`.
    """

    read_bps: Optional[Size] = None
    """Bytes read each second, at least 1. cgroup: `io.max` rbps, v1
    `blkio.throttle.read_bps_device`.
    """

    write_bps: Optional[Size] = None
    """Bytes written each second, at least 1. cgroup: `io.max` wbps, v1
    `blkio.throttle.write_bps_device`.
    """

    read_iops: Optional[int] = None
    """Read operations each second, 1 to 4294967294. cgroup: `io.max` riops, v1
    `blkio.throttle.read_iops_device`.
    """

    write_iops: Optional[int] = None
    """Write operations each second, 1 to 4294967294. cgroup: `io.max` wiops, v1
    `blkio.throttle.write_iops_device`.
    """

    weight: Optional[int] = None
    """Share of the device under contention, 1 to 10000, instead of `io_weight`. cgroup:
    `io.weight` or `io.bfq.weight`, v1 `blkio.weight_device` or `blkio.bfq.weight_device` (10 to
    1000, converted).
    """

    latency: Optional[Seconds] = None
    """The latency that the kernel is to protect by slowing others down, 1 microsecond to 1000
    seconds. cgroup: `io.latency` (a kernel with CONFIG_BLK_CGROUP_IOLATENCY); v1 has none.
    """


@dataclass(frozen=True)
class DeviceRule:
    """One rule of the list that decides which devices a job may use. Rules are taken in order,
    on top of what the caller's own group may use; the last one that speaks of a device decides.
    """

    allow: bool
    """Whether the rule allows or denies."""

    device: str
    """Which devices: `"a"` for all, the notation of the devices controller such as `"c 1:3"`,
    `"b 8:*"` or `"c *:*"`, or the path of a device such as `"/dev/null"`.
    """

    access: str = "rwm"
    """What may be done, letters of `"rwm"`: read, write, make a device node; default all three."""


@dataclass(frozen=True)
class RdmaLimit:
    """What the job may hold of one RDMA adapter. At least one must be set."""

    device: str
    """The adapter's name, such as `"mlx5_0"`."""

    handles: Optional[int] = None
    """Handles, 0 to 2147483647. cgroup: `rdma.max` hca_handle."""

    objects: Optional[int] = None
    """Objects, 0 to 2147483647. cgroup: `rdma.max` hca_object."""


@dataclass(frozen=True)
class Limits:
    """What the job may use. A limit that is not set is not limited.

    Each limit that is named must hold, or the job does not start; `best_effort` lists those
    that may be skipped where the host cannot enforce them.
    """

    memory: Optional[Size] = None
    """Memory of the whole job in bytes, page cache included. Going over it ends the job as
    `out_of_memory`. Rounded down to a page by the kernel. cgroup: `memory.max`, v1
    `memory.limit_in_bytes`.
    """

    memory_high: Optional[Size] = None
    """Memory in bytes, at least 1, above which the job is slowed down and has to give back, but
    is not killed. cgroup: `memory.high`; v1 has none.
    """

    memory_low: Optional[Size] = None
    """Memory in bytes that is left to the job while others have some to give. cgroup:
    `memory.low`, v1 `memory.soft_limit_in_bytes` (the pair that runc takes).
    """

    memory_min: Optional[Size] = None
    """Memory in bytes that is left to the job whatever others need. cgroup: `memory.min`; v1
    has none.
    """

    swap: Optional[Size] = None
    """Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup:
    `memory.swap.max`, v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
    """

    swappiness: Optional[int] = None
    """How readily the kernel swaps the job out instead of dropping its page cache, 0 to 200.
    cgroup: v1 `memory.swappiness`; v2 has none.
    """

    oom_group: Optional[bool] = None
    """Whether running out of memory kills the job whole instead of one process of it. cgroup:
    `memory.oom.group` (Linux 4.19).
    """

    oom_pause: Optional[bool] = None
    """Whether a process that runs out of memory stands still until some is freed or `memory` is
    raised, instead of being killed. cgroup: v1 `memory.oom_control`; v2 has none.
    """

    pids: Optional[int] = None
    """Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`."""

    cpus: Optional[float] = None
    """CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
    `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of `cpu_period`.
    """

    cpu_period: Optional[Seconds] = None
    """The period over which `cpus` is counted, which it needs: 1 ms to 1 s, default 100 ms.
    `cpus` must come to at least 1 ms of it. cgroup: `cpu.max`, v1 `cpu.cfs_period_us`.
    """

    cpu_burst: Optional[Seconds] = None
    """CPU time that the job may save up in periods that it leaves unused, on top of what
    `cpus`, which it needs, gives for each: at most as much as that. cgroup: `cpu.max.burst`, v1
    `cpu.cfs_burst_us` (Linux 5.14).
    """

    cpu_weight: Optional[int] = None
    """Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
    `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
    """

    cpu_idle: Optional[bool] = None
    """Whether the job runs only where nobody else wants to; not with `cpu_weight`. cgroup:
    `cpu.idle` (Linux 5.15).
    """

    cpu_rt_runtime: Optional[Seconds] = None
    """Time in each `cpu_rt_period` for the job's real-time processes, 0 to the whole of it.
    cgroup: v1 `cpu.rt_runtime_us` (a kernel with CONFIG_RT_GROUP_SCHED); v2 has none.
    """

    cpu_rt_period: Optional[Seconds] = None
    """The period over which `cpu_rt_runtime` is counted, 1 microsecond to 1000 seconds, default
    1 second. cgroup: v1 `cpu.rt_period_us`; v2 has none.
    """

    cpuset: Optional[str] = None
    """The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`."""

    cpuset_mems: Optional[str] = None
    """The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`."""

    cpuset_exclusive: Optional[bool] = None
    """Whether no sibling may have the CPUs of `cpuset`, which it needs. cgroup:
    `cpuset.cpus.exclusive` (Linux 6.7), v1 `cpuset.cpu_exclusive`.
    """

    cpuset_partition: Optional[CpusetPartition] = None
    """What the CPUs of `cpuset` are to the job. cgroup: `cpuset.cpus.partition`; v1 has none."""

    io: Sequence[IoLimit] = ()
    """Limits for block devices, each device once. cgroup: `io.max`, v1 `blkio.throttle.*`."""

    io_weight: Optional[int] = None
    """Share of every block device under contention, 1 to 10000, where 100 is a sibling's
    default. cgroup: `io.weight` and `io.bfq.weight`, v1 `blkio.weight` and `blkio.bfq.weight`,
    as far as the kernel has them (all but the first 10 to 1000, converted by the inverse of the
    rule that runc has).
    """

    devices: Sequence[DeviceRule] = ()
    """Which devices the job may use: rules in order, on top of what the caller's own group may.
    cgroup: a program at the v2 group, v1 `devices.allow` and `devices.deny`.
    """

    net_class: Optional[int] = None
    """The class of the packets of the sockets that the job opens, 0 to 4294967295: 0xAAAABBBB
    is class AAAA:BBBB of tc(8). cgroup: v1 `net_cls.classid`; where that is not mounted a
    program at the v2 group.
    """

    net_priorities: Mapping[str, int] = field(default_factory=dict)
    """The priority of the job's packets, 0 to 4294967295, by network interface of the host;
    `"*"` is every interface. cgroup: v1 `net_prio.ifpriomap`; where that is not mounted a
    program at the v2 group, which takes `"*"` alone.
    """

    hugetlb: Mapping[str, Size] = field(default_factory=dict)
    """Huge pages in bytes, by their size, such as `{"2MB": "64M"}`. cgroup: `hugetlb.2MB.max`,
    v1 `hugetlb.2MB.limit_in_bytes`.
    """

    rdma: Sequence[RdmaLimit] = ()
    """What the job may hold of RDMA adapters, each adapter once. cgroup: `rdma.max`."""

    misc: Mapping[str, int] = field(default_factory=dict)
    """How much the job may hold of what the host counts by name, such as `{"sev": 2}`. cgroup:
    `misc.max` (Linux 5.13).
    """

    files: Mapping[str, str] = field(default_factory=dict)
    """Further cgroup files by name with the text to write, after all other limits, such as
    `{"memory.swap.high": "64M"}`. The name begins with a controller's, or with `cgroup.`.
    """

    cpu_time: Optional[Seconds] = None
    """CPU time of the whole job (user and system, ended processes included). Going over it ends
    the job as `cpu_limit`.
    """

    output: Optional[Size] = None
    """Bytes captured of stdout and stderr each; default 16 MiB. One byte more ends the job as
    `output_limit`; what was captured up to the limit is kept. 0 is refused.
    """

    rlimits: Mapping[str, Size] = field(default_factory=dict)
    """Limits of every process by itself (`setrlimit(2)`), such as `{"nofile": 256, "core": 0}`:
    soft and hard the same. Names: `as`, `core`, `data`, `fsize`, `locks`, `memlock`,
    `msgqueue`, `nice`, `nofile`, `nproc`, `rss`, `rtprio`, `rttime`, `sigpending`, `stack`.
    """

    best_effort: Sequence[str] = ()
    """The names of limits above that may be skipped where the host cannot enforce them, such as
    `["memory", "pids"]`. The outcome's enforcement tells which were.
    """

CgroupMode = Literal["new", "try", "none"]
"""Whether the job gets a cgroup of its own, below the caller's.

"new": A new one; where the host cannot make it the job does not start.

"try": A new one where the host can make it.

"none": None; a limit that needs one is an error.
"""

Driver = Literal["auto", "cgroupfs", "systemd"]
"""Who makes the job's cgroup.

"auto": systemd where it manages the caller's own cgroup, else this library.

"cgroupfs": This library, by directories below the caller's own cgroup.

"systemd": systemd, as a transient scope of its system manager (root) or of the caller's user
manager.
"""

Seccomp = Literal["default", "off"]
"""The system call filter.

"default": The library's short deny-list: see docs/sandbox.md.

"off": No filter.
"""


@dataclass(frozen=True)
class Spec(SpecMethods):
    """What to run and how isolated.

    `Spec::new(argv)` with no other word is the strict profile: see `Profile::Strict`.
    """

    argv: Sequence[Text]
    """The program and its arguments, at least one. A program without a slash is looked up in
    the job's PATH, inside its root.
    """

    profile: Profile = "strict"
    """How much isolation to start from; default `strict`."""

    env: Mapping[str, Text] = field(default_factory=dict)
    """Environment variables of the job. Under `strict` nothing else is there but a PATH,
    HOME=/tmp and LANG=C.UTF-8, each of which this overrides.
    """

    keep_env: Sequence[str] = ()
    """Names of the caller's environment variables to pass on; `"*"` passes all. Under `none`
    all are passed.
    """

    cwd: Optional[Text] = None
    """Working directory inside the job, an absolute path; default `/`, under root `keep` the
    caller's.
    """

    uid: Optional[int] = None
    """User id inside the job; default 0 for a root caller, the caller's own otherwise, or the
    number that `uid_map` gives it.
    """

    gid: Optional[int] = None
    """Group id inside the job; default 0 for a root caller, the caller's own otherwise, or the
    number that `gid_map` gives it.
    """

    groups: Optional[Sequence[int]] = None
    """Supplementary group ids inside the job; default none under `strict`. An ordinary user can
    set them only with a `gid_map` of ids that /etc/subgid gives them.
    """

    hostname: Optional[str] = None
    """Host name inside; needs a new uts namespace. At most 64 bytes."""

    domainname: Optional[str] = None
    """NIS domain name inside; needs a new uts namespace. At most 64 bytes."""

    namespaces: Namespaces = field(default_factory=Namespaces)
    """Which namespaces are new."""

    uid_map: Sequence[IdMap] = ()
    """User ids of the job's user namespace, at most 340 lines; default: the caller's own id
    alone for an ordinary user, 65536 ids from an unprivileged range for root. An ordinary user
    may map their own id and what /etc/subuid gives them, by newuidmap(1).
    """

    gid_map: Sequence[IdMap] = ()
    """Group ids of the job's user namespace, as `uid_map`, by /etc/subgid and newgidmap(1)."""

    time_offsets: Optional[TimeOffsets] = None
    """Clock offsets; needs a new time namespace."""

    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Kernel parameters of the job's own namespaces, by name, such as `net.ipv4.ip_forward`:
    `net.*` needs a new net namespace, `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and
    `fs.mqueue.*` a new ipc namespace, `user.max_*` a new user namespace. Others are the host's,
    and refused.
    """

    net: Optional[Net] = None
    """The network in one word; default as `namespaces.net`."""

    root: Optional[Root] = None
    """The job's root directory; default `system` under `strict`, `keep` under `none`."""

    binds: Sequence[Bind] = ()
    """The caller's files and directories that the job sees, mounted in this order."""

    tmpfs: Sequence[Tmpfs] = ()
    """Private file systems in memory, mounted in this order, before `binds`."""

    stdin: Stdio = "inherit"
    """Where the job reads from; default the caller's stdin."""

    stdout: Stdio = "inherit"
    """Where the job writes to; default the caller's stdout."""

    stderr: Stdio = "inherit"
    """Where the job writes errors to; default the caller's stderr."""

    keep_fds: Sequence[int] = ()
    """Descriptors of the caller's that the job has under the same numbers, 3 or more. No other
    descriptor is open in the job.
    """

    limits: Limits = field(default_factory=Limits)
    """What the job may use."""

    timeout: Optional[Seconds] = None
    """Wall time after which the job is killed and ends as `timeout`."""

    cgroup: Optional[CgroupMode] = None
    """The job's cgroup; default `try` under `strict`, none under `none` unless a limit needs it."""

    driver: Optional[Driver] = None
    """Who makes the job's cgroup; default `auto`: systemd where it manages the caller's own
    cgroup, else this library. docs/systemd.md tells more.
    """

    slice: Optional[str] = None
    """The slice that the job's scope is in, such as `build-nightly.slice`, where systemd makes
    the cgroup; it is made where it is not there. Default `system.slice` for root, `app.slice`
    of the user's own manager for others.
    """

    unit: Optional[str] = None
    """The name of the job's scope where systemd makes the cgroup: `NAME` or `NAME.scope`, of
    ASCII letters, digits and `:-_.\\@`, at most 255 bytes. Default a name of the library's own,
    `isolate-PID-START-N.scope`.
    """

    capabilities: Optional[Sequence[str]] = None
    """Capabilities the job has in its user namespace, such as `["net_admin"]`; `["all"]` keeps
    all. Default none under `strict`, unchanged under `none`.
    """

    no_new_privs: Optional[bool] = None
    """Whether execve can no longer grant privileges (no_new_privs); default yes under `strict`,
    no under `none`.
    """

    seccomp: Optional[Seccomp] = None
    """The system call filter; default `default` under `strict`, `off` under `none`."""

    new_session: Optional[bool] = None
    """Whether the job leads a new session, away from the caller's terminal; default yes under
    `strict`, no under `none`.
    """

    umask: Optional[int] = None
    """File mode creation mask of the job; default 0o022 under `strict`, the caller's under
    `none`.
    """

    init: bool = True
    """Whether an init reaps orphans and ends with the job (default yes). Without it the program
    itself is pid 1 of a new pid namespace, and `timeout` and `limits.cpu_time` are refused, as
    is a new time namespace before Linux 6.2.
    """


class SpecOptions(TypedDict, total=False):
    """The fields of a `Spec` other than `argv`, as keyword arguments."""

    profile: Profile
    env: Mapping[str, Text]
    keep_env: Sequence[str]
    cwd: Optional[Text]
    uid: Optional[int]
    gid: Optional[int]
    groups: Optional[Sequence[int]]
    hostname: Optional[str]
    domainname: Optional[str]
    namespaces: Namespaces
    uid_map: Sequence[IdMap]
    gid_map: Sequence[IdMap]
    time_offsets: Optional[TimeOffsets]
    sysctls: Mapping[str, str]
    net: Optional[Net]
    root: Optional[Root]
    binds: Sequence[Bind]
    tmpfs: Sequence[Tmpfs]
    stdin: Stdio
    stdout: Stdio
    stderr: Stdio
    keep_fds: Sequence[int]
    limits: Limits
    timeout: Optional[Seconds]
    cgroup: Optional[CgroupMode]
    driver: Optional[Driver]
    slice: Optional[str]
    unit: Optional[str]
    capabilities: Optional[Sequence[str]]
    no_new_privs: Optional[bool]
    seccomp: Optional[Seccomp]
    new_session: Optional[bool]
    umask: Optional[int]
    init: bool

Reason = Literal["exit", "signal", "timeout", "cpu_limit", "out_of_memory", "output_limit", "seccomp", "killed"]
"""Why a job ended. Decided from evidence in this order: the library's own kill, the kernel's
out of memory kill, the filter's SIGSYS, any other signal, the exit code.

"exit": The program exited by itself; see `exit_code`.

"signal": A signal that nobody below accounts for ended the program; see `signal`.

"timeout": `timeout` passed.

"cpu_limit": `limits.cpu_time` was used up.

"out_of_memory": The memory limit was reached and the kernel killed a process of the job, or the
program died of it.

"output_limit": `limits.output` was passed.

"seccomp": The system call filter killed the program.

"killed": The caller killed the job.
"""


@dataclass(frozen=True)
class Usage:
    """What a job used. `None` where this host does not measure it."""

    wall_time: float
    """From the start of the program to its end, seconds."""

    cpu_time: float
    """CPU time of the whole job, seconds: from the cgroup where there is one, else from
    wait4(2), which does not count processes that outlived their parents' wait.
    """

    user_time: float
    """User part of the main process and the children it waited for, seconds."""

    system_time: float
    """System part of the same, seconds."""

    max_rss: Optional[int]
    """Largest resident set of a single process, bytes. `None` when the program was its own init
    or was killed with it: the kernel then counts the caller's memory in.
    """

    memory_peak: Optional[int]
    """Peak memory of the whole job, bytes (cgroup)."""

    oom_kills: Optional[int]
    """Processes that the kernel's out of memory killer ended (cgroup)."""

    pids_peak: Optional[int]
    """Peak number of processes and threads (cgroup, kernel 6.1 or later)."""

    pids_denied: Optional[int]
    """How often the pids limit refused a new process or thread (cgroup)."""

    throttled_time: Optional[float]
    """Time that the CPU limit made the job wait, seconds (cgroup)."""

    io_read: Optional[int]
    """Bytes read from block devices (cgroup v2)."""

    io_written: Optional[int]
    """Bytes written to block devices (cgroup v2)."""

EnforcementStatus = Literal["enforced", "skipped"]
"""Whether a request was put in force.

"enforced": In force; for a limit, `value` was read back from `file`.

"skipped": Not in force, because it was `try` and the host could not; `reason` says why.
"""


@dataclass(frozen=True)
class Enforced:
    """What became of one request of the spec."""

    name: str
    """What was asked for: a limit's name (`memory`), or `namespace.user`, `root`, `seccomp` ..."""

    requested: str
    """The requested value as text."""

    status: EnforcementStatus
    """Whether it is in force."""

    file: Optional[str]
    """The file or call that holds it."""

    value: Optional[str]
    """The value read back after writing."""

    reason: Optional[str]
    """Why it was skipped."""


@dataclass(frozen=True)
class Outcome(OutcomeMethods[AnyStr], Generic[AnyStr]):
    """How a job ended, what it used and what was in force."""

    reason: Reason
    """Why it ended."""

    exit_code: Optional[int]
    """The program's exit code when it exited, 0 to 255."""

    signal: Optional[int]
    """The signal that ended the program, 1 to 64."""

    evidence: str
    """What `reason` was decided from, in one line."""

    usage: Usage
    """What it used."""

    stdout: Optional[AnyStr]
    """What was captured of stdout."""

    stderr: Optional[AnyStr]
    """What was captured of stderr."""

    stdout_cut: bool
    """Whether stdout had more than was captured."""

    stderr_cut: bool
    """Whether stderr had more than was captured."""

    pid: int
    """Process id of the program as the caller sees it."""

    namespaces: Mapping[str, int]
    """The inode numbers of the job's namespaces by kind, as in /proc/PID/ns."""

    enforcement: Mapping[str, Enforced]
    """What was in force."""


__all__ = [
    "Bind",
    "CgroupMode",
    "CpusetPartition",
    "DeviceRule",
    "Driver",
    "Enforced",
    "EnforcementStatus",
    "HasFileno",
    "IdMap",
    "IoLimit",
    "Limits",
    "NamespaceMode",
    "Namespaces",
    "Net",
    "Outcome",
    "Profile",
    "RdmaLimit",
    "Reason",
    "Root",
    "RootDir",
    "Seccomp",
    "Seconds",
    "Size",
    "Spec",
    "SpecOptions",
    "Stdio",
    "StdioFile",
    "Text",
    "TimeOffsets",
    "Tmpfs",
    "Usage",
]
