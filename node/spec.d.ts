// The types of a spec, of an outcome, and of what is told of namespaces and cgroups.
// Made by `cargo xtask codegen` from the Rust types; not to be edited.

/** What Linux takes for paths, arguments and environment; bytes where it is not text; never with a NUL. */
export type Bytes = string | Uint8Array | URL;
/** A number of bytes, or text with a suffix: `'64K'`, `'512M'`, `'1.5G'` (powers of 1024). */
export type Size = number | bigint | string;
/** A number of milliseconds, or text with a unit: `'500ms'`, `'1.5s'`, `'2m'`, `'1h'`. */
export type Duration = number | string;

/**
 * What to run and how isolated.
 *
 * `Spec::new(argv)` with no other word is the strict profile: see `Profile::Strict`.
 */
export interface Spec {
  /**
   * The program and its arguments, at least one. A program without a slash is looked up in the
   * job's PATH, inside its root.
   */
  readonly argv: readonly Bytes[];
  /** How much isolation to start from; default `strict`. */
  readonly profile?: Profile;
  /**
   * Environment variables of the job. Under `strict` nothing else is there but a PATH, HOME=/tmp
   * and LANG=C.UTF-8, each of which this overrides.
   */
  readonly env?: Readonly<Record<string, Bytes>>;
  /**
   * Names of the caller's environment variables to pass on; `"*"` passes all. Under `none` all are
   * passed.
   */
  readonly keepEnv?: readonly string[];
  /**
   * Working directory inside the job, an absolute path; default `/`, under root `keep` the
   * caller's.
   */
  readonly cwd?: Bytes;
  /**
   * User id inside the job; default 0 for a root caller, the caller's own otherwise, or the number
   * that `uidMap` gives it.
   */
  readonly uid?: number;
  /**
   * Group id inside the job; default 0 for a root caller, the caller's own otherwise, or the
   * number that `gidMap` gives it.
   */
  readonly gid?: number;
  /**
   * Supplementary group ids inside the job; default none under `strict`. An ordinary user can set
   * them only with a `gidMap` of ids that /etc/subgid gives them.
   */
  readonly groups?: readonly number[];
  /** Host name inside; needs a new uts namespace. At most 64 bytes. */
  readonly hostname?: string;
  /** NIS domain name inside; needs a new uts namespace. At most 64 bytes. */
  readonly domainname?: string;
  /** Which namespaces are new. */
  readonly namespaces?: Namespaces;
  /**
   * User ids of the job's user namespace, at most 340 lines; default: the caller's own id alone
   * for an ordinary user, 65536 ids from an unprivileged range for root. An ordinary user may map
   * their own id and what /etc/subuid gives them, by newuidmap(1).
   */
  readonly uidMap?: readonly IdMap[];
  /** Group ids of the job's user namespace, as `uidMap`, by /etc/subgid and newgidmap(1). */
  readonly gidMap?: readonly IdMap[];
  /** Clock offsets; needs a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /**
   * Kernel parameters of the job's own namespaces, by name, such as `net.ipv4.ip_forward`: `net.*`
   * needs a new net namespace, `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` a new
   * ipc namespace, `user.max_*` a new user namespace. Others are the host's, and refused.
   */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** The network in one word; default as `namespaces.net`. */
  readonly net?: Net;
  /** The job's root directory; default `system` under `strict`, `keep` under `none`. */
  readonly root?: Root;
  /** The caller's files and directories that the job sees, mounted in this order. */
  readonly binds?: readonly Bind[];
  /** Private file systems in memory, mounted in this order, before `binds`. */
  readonly tmpfs?: readonly Tmpfs[];
  /** Where the job reads from; default the caller's stdin. */
  readonly stdin?: Stdio;
  /** Where the job writes to; default the caller's stdout. */
  readonly stdout?: Stdio;
  /** Where the job writes errors to; default the caller's stderr. */
  readonly stderr?: Stdio;
  /**
   * Descriptors of the caller's that the job has under the same numbers, 3 or more. No other
   * descriptor is open in the job.
   */
  readonly keepFds?: readonly number[];
  /** What the job may use. */
  readonly limits?: Limits;
  /** Wall time after which the job is killed and ends as `timeoutMs`. */
  readonly timeoutMs?: Duration;
  /** The job's cgroup; default `try` under `strict`, none under `none` unless a limit needs it. */
  readonly cgroup?: CgroupMode;
  /**
   * Who makes the job's cgroup; default `auto`: systemd where it manages the caller's own cgroup,
   * else this library. docs/systemd.md tells more.
   */
  readonly driver?: Driver;
  /**
   * The slice that the job's scope is in, such as `build-nightly.slice`, where systemd makes the
   * cgroup; it is made where it is not there. Default `system.slice` for root, `app.slice` of the
   * user's own manager for others.
   */
  readonly slice?: string;
  /**
   * The name of the job's scope where systemd makes the cgroup: `NAME` or `NAME.scope`, of ASCII
   * letters, digits and `:-_.\\@`, at most 255 bytes. Default a name of the library's own,
   * `isolate-PID-START-N.scope`.
   */
  readonly unit?: string;
  /**
   * Capabilities the job has in its user namespace, such as `["net_admin"]`; `["all"]` keeps all.
   * Default none under `strict`, unchanged under `none`.
   */
  readonly capabilities?: readonly string[];
  /**
   * Whether execve can no longer grant privileges (no_new_privs); default yes under `strict`, no
   * under `none`.
   */
  readonly noNewPrivs?: boolean;
  /** The system call filter; default `default` under `strict`, `off` under `none`. */
  readonly seccomp?: Seccomp;
  /**
   * Whether the job leads a new session, away from the caller's terminal; default yes under
   * `strict`, no under `none`.
   */
  readonly newSession?: boolean;
  /**
   * File mode creation mask of the job; default 0o022 under `strict`, the caller's under `none`.
   */
  readonly umask?: number;
  /**
   * Whether an init reaps orphans and ends with the job (default yes). Without it the program
   * itself is pid 1 of a new pid namespace, and `timeoutMs` and `limits.cpuTimeMs` are refused, as
   * is a new time namespace before Linux 6.2.
   */
  readonly init?: boolean;
}

/**
 * How much isolation a spec starts from; every word of the spec then changes one thing.
 * - `'strict'`: Everything closed: all eight namespaces, a root of the host's system directories
 * only (read-only), no network but loopback, no capabilities, no new privileges, the default
 * system call filter, a clean environment, a new session and a cgroup with a pids limit.
 * - `'none'`: Nothing but what the spec names: bare primitives.
 */
export type Profile = 'strict' | 'none';

/**
 * The eight namespaces (namespaces(7)). One that is not named follows the profile: `new` under
 * `strict`, `host` under `none`.
 */
export interface Namespaces {
  /** The cgroup root that the job sees (cgroup_namespaces(7)). */
  readonly cgroup?: NamespaceMode;
  /** System V IPC and POSIX message queues (ipc_namespaces(7)). */
  readonly ipc?: NamespaceMode;
  /** Network devices, addresses, ports (network_namespaces(7)); a new one has only `lo`, up. */
  readonly net?: NamespaceMode;
  /** Mounts (mount_namespaces(7)). */
  readonly mnt?: NamespaceMode;
  /** Process ids (pid_namespaces(7)). */
  readonly pid?: NamespaceMode;
  /** Monotonic and boot-time clocks (time_namespaces(7)). */
  readonly time?: NamespaceMode;
  /** User and group ids and capabilities (user_namespaces(7)). */
  readonly user?: NamespaceMode;
  /** Host and domain name (uts_namespaces(7)). */
  readonly uts?: NamespaceMode;
}

/**
 * Whether the job has a namespace of its own, or enters one that is there.
 *
 * To enter one takes CAP_SYS_ADMIN over it: that of the caller, or, where the job enters its user
 * namespace too, whatever that gives (setns(2)).
 * - `'new'`: A new one; where the host cannot make it the job does not start.
 * - `'try'`: A new one where the host can make it, else the caller's; the enforcement tells which.
 * - `'host'`: The caller's.
 * - `{ path: Bytes }`: That at a path, such as /run/netns/NAME or /proc/PID/ns/net.
 * - `{ fd: number }`: That of a descriptor of the caller's, which stays the caller's.
 */
export type NamespaceMode = 'new' | 'try' | 'host' | { path: Bytes } | { fd: number };

/**
 * One line of a uid or gid map: `count` ids from `inside` on are `outside` and following for the
 * caller's namespace.
 */
export interface IdMap {
  /** First id inside the job. */
  readonly inside: number;
  /** First id outside, as the caller sees it. */
  readonly outside: number;
  /** How many, at least 1. */
  readonly count: number;
}

/**
 * Offsets of the time namespace's clocks, in milliseconds, negative allowed (time_namespaces(7)).
 */
export interface TimeOffsets {
  /** Added to CLOCK_MONOTONIC, milliseconds. */
  readonly monotonicMs?: number;
  /** Added to CLOCK_BOOTTIME, milliseconds. */
  readonly boottimeMs?: number;
}

/**
 * The job's network, in one word.
 * - `'none'`: A network namespace with nothing but `lo`.
 * - `'host'`: The caller's network.
 */
export type Net = 'none' | 'host';

/**
 * The job's root directory.
 * - `'system'`: A new root that holds only the host's system directories (/usr /bin /sbin /lib*
 * /etc), read-only, with private /tmp and /dev/shm, fresh /proc and minimal /dev.
 * - `'host'`: All of the host's files, read-only with every mount below, with private /tmp and
 * /dev/shm, fresh /proc and minimal /dev.
 * - `{ dir: RootDir }`: A directory to pivot into, with private /tmp and /dev/shm, fresh /proc and
 * minimal /dev.
 * - `'keep'`: The caller's mounts as they are; `binds` and `tmpfs` are mounted over them.
 */
export type Root = 'system' | 'host' | { dir: RootDir } | 'keep';

/** A directory that becomes the job's root. */
export interface RootDir {
  /** The directory. */
  readonly path: Bytes;
  /** Whether the job may write there; default no. */
  readonly rw?: boolean;
}

/** A file or directory of the caller's that the job sees. */
export interface Bind {
  /** The caller's file or directory, an absolute path. */
  readonly source: Bytes;
  /** Where the job sees it, an absolute path; the same path when left out. */
  readonly dest?: Bytes;
  /**
   * Whether the job may write there; default no. Files the job makes there belong to the caller.
   */
  readonly rw?: boolean;
  /** Whether a source that does not exist is skipped; default no. */
  readonly bestEffort?: boolean;
}

/** A private file system in memory, empty at the start, gone with the job. */
export interface Tmpfs {
  /** Where it is mounted, an absolute path. */
  readonly dest: Bytes;
  /** Bytes it may hold; default 64 MiB. */
  readonly size?: Size;
  /** Files and directories it may hold; default one for each 4 KiB of `size`. */
  readonly inodes?: number;
  /** Permission bits of its root directory; default 0o755. */
  readonly mode?: number;
}

/**
 * Where a standard stream of the job goes.
 * - `'inherit'`: The caller's own stream.
 * - `'null'`: /dev/null.
 * - `'pipe'`: A pipe whose other end the caller takes from the job.
 * - `'capture'`: Collected into the outcome, up to `limits.output` bytes (stdout and stderr only).
 * - `{ file: StdioFile }`: A file: read for stdin; created, and truncated unless `append`, for
 * stdout and stderr.
 * - `{ fd: number }`: A descriptor of the caller's, which stays the caller's.
 */
export type Stdio = 'inherit' | 'null' | 'pipe' | 'capture' | { file: StdioFile } | { fd: number };

/** A file that a standard stream is connected to. */
export interface StdioFile {
  /** The path, as the caller sees it. Created with mode 0666 less the caller's umask. */
  readonly path: Bytes;
  /** Whether to write after what is there; default no. */
  readonly append?: boolean;
}

/**
 * What the job may use. A limit that is not set is not limited.
 *
 * Each limit that is named must hold, or the job does not start; `bestEffort` lists those that may
 * be skipped where the host cannot enforce them.
 */
export interface Limits {
  /**
   * Memory of the whole job in bytes, page cache included. Going over it ends the job as
   * `out_of_memory`. Rounded down to a page by the kernel. cgroup: `memory.max`, v1
   * `memory.limit_in_bytes`.
   */
  readonly memory?: Size;
  /**
   * Memory in bytes, at least 1, above which the job is slowed down and has to give back, but is
   * not killed. cgroup: `memory.high`; v1 has none.
   */
  readonly memoryHigh?: Size;
  /**
   * Memory in bytes that is left to the job while others have some to give. cgroup: `memory.low`,
   * v1 `memory.soft_limit_in_bytes` (the pair that runc takes).
   */
  readonly memoryLow?: Size;
  /**
   * Memory in bytes that is left to the job whatever others need. cgroup: `memory.min`; v1 has
   * none.
   */
  readonly memoryMin?: Size;
  /**
   * Swap of the whole job in bytes, on top of `memory`; 0 forbids swap. cgroup: `memory.swap.max`,
   * v1 `memory.memsw.limit_in_bytes` (there the sum, so `memory` is needed).
   */
  readonly swap?: Size;
  /**
   * How readily the kernel swaps the job out instead of dropping its page cache, 0 to 200. cgroup:
   * v1 `memory.swappiness`; v2 has none.
   */
  readonly swappiness?: number;
  /**
   * Whether running out of memory kills the job whole instead of one process of it. cgroup:
   * `memory.oom.group` (Linux 4.19).
   */
  readonly oomGroup?: boolean;
  /**
   * Whether a process that runs out of memory stands still until some is freed or `memory` is
   * raised, instead of being killed. cgroup: v1 `memory.oom_control`; v2 has none.
   */
  readonly oomPause?: boolean;
  /** Processes and threads of the job, at least 1. The init is not counted. cgroup: `pids.max`. */
  readonly pids?: number;
  /**
   * CPU time per wall time as a number of CPUs, at least 0.01: 0.5 is half of one. cgroup:
   * `cpu.max`, v1 `cpu.cfs_quota_us`, over a period of `cpuPeriodMs`.
   */
  readonly cpus?: number;
  /**
   * The period over which `cpus` is counted, which it needs: 1 ms to 1 s, default 100 ms. `cpus`
   * must come to at least 1 ms of it. cgroup: `cpu.max`, v1 `cpu.cfs_period_us`.
   */
  readonly cpuPeriodMs?: Duration;
  /**
   * CPU time that the job may save up in periods that it leaves unused, on top of what `cpus`,
   * which it needs, gives for each: at most as much as that. cgroup: `cpu.max.burst`, v1
   * `cpu.cfs_burst_us` (Linux 5.14).
   */
  readonly cpuBurstMs?: Duration;
  /**
   * Share of the CPU under contention, 1 to 10000, where 100 is a sibling's default. cgroup:
   * `cpu.weight`, v1 `cpu.shares` (converted by the inverse of the rule in runc 1.3.2).
   */
  readonly cpuWeight?: number;
  /**
   * Whether the job runs only where nobody else wants to; not with `cpuWeight`. cgroup: `cpu.idle`
   * (Linux 5.15).
   */
  readonly cpuIdle?: boolean;
  /**
   * Time in each `cpuRtPeriodMs` for the job's real-time processes, 0 to the whole of it. cgroup:
   * v1 `cpu.rt_runtime_us` (a kernel with CONFIG_RT_GROUP_SCHED); v2 has none.
   */
  readonly cpuRtRuntimeMs?: Duration;
  /**
   * The period over which `cpuRtRuntimeMs` is counted, 1 microsecond to 1000 seconds, default 1
   * second. cgroup: v1 `cpu.rt_period_us`; v2 has none.
   */
  readonly cpuRtPeriodMs?: Duration;
  /** The CPUs the job may run on, such as `"0-3,6"`. cgroup: `cpuset.cpus`. */
  readonly cpuset?: string;
  /** The memory nodes the job may allocate from, such as `"0"`. cgroup: `cpuset.mems`. */
  readonly cpusetMems?: string;
  /**
   * Whether no sibling may have the CPUs of `cpuset`, which it needs. cgroup:
   * `cpuset.cpus.exclusive` (Linux 6.7), v1 `cpuset.cpu_exclusive`.
   */
  readonly cpusetExclusive?: boolean;
  /** What the CPUs of `cpuset` are to the job. cgroup: `cpuset.cpus.partition`; v1 has none. */
  readonly cpusetPartition?: CpusetPartition;
  /** Limits for block devices, each device once. cgroup: `io.max`, v1 `blkio.throttle.*`. */
  readonly io?: readonly IoLimit[];
  /**
   * Share of every block device under contention, 1 to 10000, where 100 is a sibling's default.
   * cgroup: `io.weight` and `io.bfq.weight`, v1 `blkio.weight` and `blkio.bfq.weight`, as far as
   * the kernel has them (all but the first 10 to 1000, converted by the inverse of the rule that
   * runc has).
   */
  readonly ioWeight?: number;
  /**
   * Which devices the job may use: rules in order, on top of what the caller's own group may.
   * cgroup: a program at the v2 group, v1 `devices.allow` and `devices.deny`.
   */
  readonly devices?: readonly DeviceRule[];
  /**
   * The class of the packets of the sockets that the job opens, 0 to 4294967295: 0xAAAABBBB is
   * class AAAA:BBBB of tc(8). cgroup: v1 `net_cls.classid`; where that is not mounted a program at
   * the v2 group.
   */
  readonly netClass?: number;
  /**
   * The priority of the job's packets, 0 to 4294967295, by network interface of the host; `"*"` is
   * every interface. cgroup: v1 `net_prio.ifpriomap`; where that is not mounted a program at the
   * v2 group, which takes `"*"` alone.
   */
  readonly netPriorities?: Readonly<Record<string, number>>;
  /**
   * Huge pages in bytes, by their size, such as `{"2MB": "64M"}`. cgroup: `hugetlb.2MB.max`, v1
   * `hugetlb.2MB.limit_in_bytes`.
   */
  readonly hugetlb?: Readonly<Record<string, Size>>;
  /** What the job may hold of RDMA adapters, each adapter once. cgroup: `rdma.max`. */
  readonly rdma?: readonly RdmaLimit[];
  /**
   * How much the job may hold of what the host counts by name, such as `{"sev": 2}`. cgroup:
   * `misc.max` (Linux 5.13).
   */
  readonly misc?: Readonly<Record<string, number>>;
  /**
   * Further cgroup files by name with the text to write, after all other limits, such as
   * `{"memory.swap.high": "64M"}`. The name begins with a controller's, or with `cgroup.`.
   */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * CPU time of the whole job (user and system, ended processes included). Going over it ends the
   * job as `cpu_limit`.
   */
  readonly cpuTimeMs?: Duration;
  /**
   * Bytes captured of stdout and stderr each; default 16 MiB. One byte more ends the job as
   * `output_limit`; what was captured up to the limit is kept. 0 is refused.
   */
  readonly output?: Size;
  /**
   * Limits of every process by itself (`setrlimit(2)`), such as `{"nofile": 256, "core": 0}`: soft
   * and hard the same. Names: `as`, `core`, `data`, `fsize`, `locks`, `memlock`, `msgqueue`,
   * `nice`, `nofile`, `nproc`, `rss`, `rtprio`, `rttime`, `sigpending`, `stack`.
   */
  readonly rlimits?: Readonly<Record<string, Size>>;
  /**
   * The names of limits above that may be skipped where the host cannot enforce them, such as
   * `["memory", "pids"]`. The outcome's enforcement tells which were.
   */
  readonly bestEffort?: readonly string[];
}

/**
 * What the CPUs of `cpuset` are to the job's group (cgroups(7), `cpuset.cpus.partition`).
 * - `'member'`: CPUs shared with other groups, as every new group has.
 * - `'root'`: CPUs of its own, over which the scheduler balances the job.
 * - `'isolated'`: CPUs of its own, over which nothing is balanced.
 */
export type CpusetPartition = 'member' | 'root' | 'isolated';

/**
 * How fast the job may read and write one block device, and its share of it. What is not set is
 * not limited; at least one must be.
 *
 * v1 throttles what a process reads and writes by itself; what the kernel writes back later from
 * the page cache is limited on v2 only.
 */
export interface IoLimit {
  /**
   * The whole disk, not a partition: the path of its block device, such as `"/dev/sda"`, or its
   * numbers, such as `"8:0"`.
   */
  readonly device: string;
  /**
   * Bytes read each second, at least 1. cgroup: `io.max` rbps, v1
   * `blkio.throttle.read_bps_device`.
   */
  readonly readBps?: Size;
  /**
   * Bytes written each second, at least 1. cgroup: `io.max` wbps, v1
   * `blkio.throttle.write_bps_device`.
   */
  readonly writeBps?: Size;
  /**
   * Read operations each second, 1 to 4294967294. cgroup: `io.max` riops, v1
   * `blkio.throttle.read_iops_device`.
   */
  readonly readIops?: number;
  /**
   * Write operations each second, 1 to 4294967294. cgroup: `io.max` wiops, v1
   * `blkio.throttle.write_iops_device`.
   */
  readonly writeIops?: number;
  /**
   * Share of the device under contention, 1 to 10000, instead of `ioWeight`. cgroup: `io.weight`
   * or `io.bfq.weight`, v1 `blkio.weight_device` or `blkio.bfq.weight_device` (10 to 1000,
   * converted).
   */
  readonly weight?: number;
  /**
   * The latency that the kernel is to protect by slowing others down, 1 microsecond to 1000
   * seconds. cgroup: `io.latency` (a kernel with CONFIG_BLK_CGROUP_IOLATENCY); v1 has none.
   */
  readonly latencyMs?: Duration;
}

/**
 * One rule of the list that decides which devices a job may use. Rules are taken in order, on top
 * of what the caller's own group may use; the last one that speaks of a device decides.
 */
export interface DeviceRule {
  /** Whether the rule allows or denies. */
  readonly allow: boolean;
  /**
   * Which devices: `"a"` for all, the notation of the devices controller such as `"c 1:3"`, `"b
   * 8:*"` or `"c *:*"`, or the path of a device such as `"/dev/null"`.
   */
  readonly device: string;
  /** What may be done, letters of `"rwm"`: read, write, make a device node; default all three. */
  readonly access?: string;
}

/** What the job may hold of one RDMA adapter. At least one must be set. */
export interface RdmaLimit {
  /** The adapter's name, such as `"mlx5_0"`. */
  readonly device: string;
  /** Handles, 0 to 2147483647. cgroup: `rdma.max` hca_handle. */
  readonly handles?: number;
  /** Objects, 0 to 2147483647. cgroup: `rdma.max` hca_object. */
  readonly objects?: number;
}

/**
 * Whether the job gets a cgroup of its own, below the caller's.
 * - `'new'`: A new one; where the host cannot make it the job does not start.
 * - `'try'`: A new one where the host can make it.
 * - `'none'`: None; a limit that needs one is an error.
 */
export type CgroupMode = 'new' | 'try' | 'none';

/**
 * Who makes the job's cgroup.
 * - `'auto'`: systemd where it manages the caller's own cgroup, else this library.
 * - `'cgroupfs'`: This library, by directories below the caller's own cgroup.
 * - `'systemd'`: systemd, as a transient scope of its system manager (root) or of the caller's
 * user manager.
 */
export type Driver = 'auto' | 'cgroupfs' | 'systemd';

/**
 * The system call filter.
 * - `'default'`: The library's short deny-list: see docs/sandbox.md.
 * - `'off'`: No filter.
 */
export type Seccomp = 'default' | 'off';

/** How a job ended, what it used and what was in force. */
export interface Outcome<Output = Buffer> {
  /** Why it ended. */
  readonly reason: Reason;
  /** The program's exit code when it exited, 0 to 255. */
  readonly exitCode: number | null;
  /** The signal that ended the program, 1 to 64. */
  readonly signal: number | null;
  /** What `reason` was decided from, in one line. */
  readonly evidence: string;
  /** What it used. */
  readonly usage: Usage;
  /** What was captured of stdout. */
  readonly stdout: Output | null;
  /** What was captured of stderr. */
  readonly stderr: Output | null;
  /** Whether stdout had more than was captured. */
  readonly stdoutCut: boolean;
  /** Whether stderr had more than was captured. */
  readonly stderrCut: boolean;
  /** Process id of the program as the caller sees it. */
  readonly pid: number;
  /** The inode numbers of the job's namespaces by kind, as in /proc/PID/ns. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** What was in force. */
  readonly enforcement: Readonly<Record<string, Enforced>>;
}

/**
 * Why a job ended. Decided from evidence in this order: the library's own kill, the kernel's out
 * of memory kill, the filter's SIGSYS, any other signal, the exit code.
 * - `'exit'`: The program exited by itself; see `exitCode`.
 * - `'signal'`: A signal that nobody below accounts for ended the program; see `signal`.
 * - `'timeout'`: `timeoutMs` passed.
 * - `'cpu_limit'`: `limits.cpuTimeMs` was used up.
 * - `'out_of_memory'`: The memory limit was reached and the kernel killed a process of the job, or
 * the program died of it.
 * - `'output_limit'`: `limits.output` was passed.
 * - `'seccomp'`: The system call filter killed the program.
 * - `'killed'`: The caller killed the job.
 */
export type Reason = 'exit' | 'signal' | 'timeout' | 'cpu_limit' | 'out_of_memory' | 'output_limit' | 'seccomp' | 'killed';

/** What a job used. `None` where this host does not measure it. */
export interface Usage {
  /** From the start of the program to its end, milliseconds. */
  readonly wallTimeMs: number;
  /**
   * CPU time of the whole job, milliseconds: from the cgroup where there is one, else from
   * wait4(2), which does not count processes that outlived their parents' wait.
   */
  readonly cpuTimeMs: number;
  /** User part of the main process and the children it waited for, milliseconds. */
  readonly userTimeMs: number;
  /** System part of the same, milliseconds. */
  readonly systemTimeMs: number;
  /**
   * Largest resident set of a single process, bytes. `None` when the program was its own init or
   * was killed with it: the kernel then counts the caller's memory in.
   */
  readonly maxRss: number | null;
  /** Peak memory of the whole job, bytes (cgroup). */
  readonly memoryPeak: number | null;
  /** Processes that the kernel's out of memory killer ended (cgroup). */
  readonly oomKills: number | null;
  /** Peak number of processes and threads (cgroup, kernel 6.1 or later). */
  readonly pidsPeak: number | null;
  /** How often the pids limit refused a new process or thread (cgroup). */
  readonly pidsDenied: number | null;
  /** Time that the CPU limit made the job wait, milliseconds (cgroup). */
  readonly throttledTimeMs: number | null;
  /** Bytes read from block devices (cgroup v2). */
  readonly ioRead: number | null;
  /** Bytes written to block devices (cgroup v2). */
  readonly ioWritten: number | null;
}

/** What became of one request of the spec. */
export interface Enforced {
  /** What was asked for: a limit's name (`memory`), or `namespace.user`, `root`, `seccomp` ... */
  readonly name: string;
  /** The requested value as text. */
  readonly requested: string;
  /** Whether it is in force. */
  readonly status: EnforcementStatus;
  /** The file or call that holds it. */
  readonly file: string | null;
  /** The value read back after writing. */
  readonly value: string | null;
  /** Why it was skipped. */
  readonly reason: string | null;
}

/**
 * Whether a request was put in force.
 * - `'enforced'`: In force; for a limit, `value` was read back from `file`.
 * - `'skipped'`: Not in force, because it was `try` and the host could not; `reason` says why.
 */
export type EnforcementStatus = 'enforced' | 'skipped';

/** The maps of a user namespace. */
export interface IdMaps {
  /** User ids; none before a map is written. Writing none leaves the map to be written later. */
  readonly uid?: readonly IdMap[];
  /** Group ids, as `uid`. */
  readonly gid?: readonly IdMap[];
  /** Whether processes there may set their supplementary groups (setgroups(2)). */
  readonly setgroups?: boolean;
}

/**
 * A kind of namespace.
 * - `'cgroup'`: The cgroup root (cgroup_namespaces(7)), Linux 4.6.
 * - `'ipc'`: System V IPC and POSIX message queues (ipc_namespaces(7)), Linux 2.6.19.
 * - `'net'`: Network devices, addresses, ports (network_namespaces(7)), Linux 2.6.24.
 * - `'mnt'`: Mounts (mount_namespaces(7)), Linux 2.4.19.
 * - `'pid'`: Process ids (pid_namespaces(7)), Linux 2.6.24.
 * - `'time'`: Monotonic and boot-time clocks (time_namespaces(7)), Linux 5.6.
 * - `'user'`: User and group ids, capabilities (user_namespaces(7)), Linux 3.8.
 * - `'uts'`: Host and domain name (uts_namespaces(7)), Linux 2.6.19.
 */
export type NamespaceKind = 'cgroup' | 'ipc' | 'net' | 'mnt' | 'pid' | 'time' | 'user' | 'uts';

/**
 * What tells one namespace from another while both exist: the device and inode numbers of its file
 * under /proc/PID/ns (namespaces(7)). Another namespace may get them once this one is gone.
 */
export interface NamespaceId {
  /** Device number of the kernel's file system of namespaces. */
  readonly device: number;
  /** Inode number, as in `net:[4026531833]`. */
  readonly inode: number;
}

/** The number of mounts in a mount namespace, and its number (ioctl_nsfs(2)). */
export interface MountInfo {
  /** The number that no other mount namespace gets until the machine reboots. */
  readonly id: number;
  /** How many mounts it has. */
  readonly mounts: number;
}

/**
 * A process's place in one cgroup hierarchy, as somebody sees it (cgroups(7), /proc/PID/cgroup).
 */
export interface CgroupPath {
  /** The hierarchy's number; 0 for the v2 tree. */
  readonly hierarchy: number;
  /** The v1 controllers of the hierarchy, or `name=NAME`; none for the v2 tree. */
  readonly controllers: readonly string[];
  /** The path below the root that is seen; it begins with `/..` for what is above that. */
  readonly path: string;
}

/** A namespace, and who keeps it alive. */
export interface NamespaceEntry {
  /** Its kind. */
  readonly kind: NamespaceKind;
  /** Its device and inode numbers. */
  readonly id: NamespaceId;
  /** Its 64-bit number, which no other namespace gets until the machine reboots (Linux 6.18). */
  readonly kernelId: number | null;
  /**
   * Whether it is the one that the kernel booted with. Of mount and net namespaces this is only
   * known from Linux 6.18 on, and is false before.
   */
  readonly initial: boolean;
  /**
   * The user id, as the caller sees it, of whoever made the user namespace, or, of another kind,
   * the user namespace that owns it. None where the caller may not know.
   */
  readonly ownerUid: number | null;
  /**
   * Inode number of the user namespace whose capabilities count in it; of a user namespace that is
   * its parent. None for the initial user namespace, and where it is beyond the caller's view.
   */
  readonly owner: number | null;
  /** Inode number of the namespace it is nested in, of the kinds user and pid. */
  readonly parent: number | null;
  /**
   * How many processes live in it: have their main thread there. Those of namespaces nested in it
   * are not counted.
   */
  readonly processes: number;
  /** The lowest number among these processes, as /proc shows it. */
  readonly pid: number | null;
  /**
   * The command line of that process, at most 4096 bytes; its name in brackets where it has none.
   */
  readonly command: string | null;
  /**
   * Everything that was found to keep it alive, sorted. Empty where that is out of sight, such as
   * a socket that was made in it.
   */
  readonly pins: readonly Pin[];
}

/** A process that lives in it. */
export interface ProcessPin {
  /** What it is. */
  readonly type: 'process';
  /** Its number as /proc shows it. */
  readonly pid: number;
}

/** A thread that is in it while the main thread of its process is elsewhere. */
export interface ThreadPin {
  /** What it is. */
  readonly type: 'thread';
  /** The process's number as /proc shows it. */
  readonly pid: number;
  /** The thread's number. */
  readonly tid: number;
}

/** A process whose next children will be in it, of the kinds pid and time. */
export interface ForChildrenPin {
  /** What it is. */
  readonly type: 'for_children';
  /** Its number as /proc shows it. */
  readonly pid: number;
}

/** A bind mount. */
export interface MountPin {
  /** What it is. */
  readonly type: 'mount';
  /** Where, as the process below has it. */
  readonly path: string | Buffer;
  /** A process in the mount namespace of the mount. */
  readonly pid: number;
}

/** An open descriptor. */
export interface FdPin {
  /** What it is. */
  readonly type: 'fd';
  /** The number, as /proc shows it, of the process that has it. */
  readonly pid: number;
  /** Its number there. */
  readonly fd: number;
}

/** A namespace that is nested in it or owned by it. */
export interface ChildPin {
  /** What it is. */
  readonly type: 'child';
  /** The inode number of that namespace. */
  readonly inode: number;
}

/** What keeps a namespace alive. */
export type Pin = ProcessPin | ThreadPin | ForChildrenPin | MountPin | FdPin | ChildPin;

/** A namespace with those below it. */
export interface TreeNode {
  /** The namespace. */
  readonly entry: NamespaceEntry;
  /** Those below it, in the order of the list. */
  readonly children: readonly TreeNode[];
}

/** A namespace that is kept at a path. */
export interface Persisted {
  /** Where it is mounted, as the caller's root has it. */
  readonly path: string | Buffer;
  /** Its kind. */
  readonly kind: NamespaceKind;
  /** Its device and inode numbers. */
  readonly id: NamespaceId;
}

/** A process in a namespace or a job. */
export interface Process {
  /** Its number as the caller sees it. */
  readonly pid: number;
  /** Its number in the pid namespace that was asked about, or, where none was, in its own. */
  readonly inside: number;
  /** Its name (/proc/PID/comm), at most 15 bytes, 63 of a kernel thread. */
  readonly name: string;
}

/** Ids that an ordinary user may map besides its own (subuid(5)). */
export interface SubordinateIds {
  /** User ids of /etc/subuid: first and count of each range, in the file's order. */
  readonly uid: readonly (readonly [number, number])[];
  /** Group ids of /etc/subgid. */
  readonly gid: readonly (readonly [number, number])[];
}

/**
 * The group's memory usage crosses a number of bytes, upwards or downwards: `threshold`. v1 only:
 * an eventfd on `memory.usage_in_bytes`.
 *
 * The kernel compares after every 128 pages or so, can tell several times of one crossing, and the
 * usage may be elsewhere again when the event is read: its `value` is the usage then.
 */
export interface ThresholdWatch {
  /** At least a page; rounded down to whole pages by the kernel. */
  readonly bytes: Size;
  /** Memory and swap together (`memory.memsw.usage_in_bytes`). */
  readonly memsw?: boolean;
}

/**
 * The group's processes stall for want of a resource: `pressure`, at most once in a window. A
 * group on the v2 tree, with or without controllers; Linux 5.2 and `CONFIG_PSI`
 * (Documentation/accounting/psi.rst).
 */
export interface PressureWatch {
  /** What they wait for. */
  readonly resource: PressureResource;
  /** Only time in which all of them stall at once; else that in which at least one does. */
  readonly full?: boolean;
  /** How long they stall within the window, in microseconds, 1 to `windowUsec`. */
  readonly stallUsec: number;
  /**
   * The window in microseconds, 500,000 to 10,000,000. A caller without `CAP_SYS_RESOURCE` may
   * only have multiples of 2,000,000, and is then told every two seconds at best.
   */
  readonly windowUsec: number;
}

/**
 * The kernel finds it hard to reclaim memory of the group: `pressure_level`. v1 only: an eventfd
 * on `memory.pressure_level`.
 */
export interface PressureLevelWatch {
  /** From which level on. */
  readonly level: PressureLevel;
  /** Whose pressure. */
  readonly mode?: PressureLevelMode;
}

/**
 * What to watch of a group. As JSON a word (`"oom"`), or an object with that word (`{"threshold":
 * {"bytes": "8M"}}`).
 * - `'oom'`: The group runs out of memory: `oom` when it happens, `oom_kill` for what the kernel
 * killed.
 *
 * v2: `memory.events`, the groups below included. v1: an eventfd on `memory.oom_control`, which
 * tells of the group and of those above it; kills are those of the group's own processes.
 * - `{ threshold: ThresholdWatch }`: The group's memory usage crosses a number of bytes, upwards
 * or downwards: `threshold`. v1 only: an eventfd on `memory.usage_in_bytes`.
 *
 * The kernel compares after every 128 pages or so, can tell several times of one crossing, and the
 * usage may be elsewhere again when the event is read: its `value` is the usage then.
 * - `{ pressure: PressureWatch }`: The group's processes stall for want of a resource: `pressure`,
 * at most once in a window. A group on the v2 tree, with or without controllers; Linux 5.2 and
 * `CONFIG_PSI` (Documentation/accounting/psi.rst).
 * - `{ pressureLevel: PressureLevelWatch }`: The kernel finds it hard to reclaim memory of the
 * group: `pressure_level`. v1 only: an eventfd on `memory.pressure_level`.
 * - `'memory_events'`: Everything that `memory.events` counts: `limit` for `low`, `high` and
 * `max`, `oom`, `oom_kill`, `oom_group_kill`. v2 only.
 * - `'pids_events'`: A fork or clone fails at the limit of processes: `pids_limit`. `pids.events`;
 * on v1 it is looked at every 100 ms, since most kernels do not tell.
 * - `'populated'`: The first process comes to the group or a group below, or the last one goes:
 * `populated`, `empty`. v2: `cgroup.events`. v1 alone has no such notification: the lists of
 * processes are looked at every 100 ms, so that shorter changes are missed.
 * - `'frozen'`: The group stands still or moves on: `frozen`, `thawed`. v2: `cgroup.events`, which
 * knows nothing of the v1 freezer. v1 alone: `freezer.state`, looked at every 100 ms.
 */
export type Watch = 'oom' | { threshold: ThresholdWatch } | { pressure: PressureWatch } | { pressureLevel: PressureLevelWatch } | 'memory_events' | 'pids_events' | 'populated' | 'frozen';

/**
 * What processes wait for.
 * - `'cpu'`: A CPU (`cpu.pressure`).
 * - `'memory'`: Memory: reclaim, pages read again (`memory.pressure`).
 * - `'io'`: Block devices (`io.pressure`).
 */
export type PressureResource = 'cpu' | 'memory' | 'io';

/**
 * A level of memory pressure on v1.
 * - `'low'`: Memory is being reclaimed.
 * - `'medium'`: Reclaim finds little to take: swapping, page cache in use.
 * - `'critical'`: The group is about to run out of memory.
 */
export type PressureLevel = 'low' | 'medium' | 'critical';

/**
 * Whose memory pressure on v1 is told (Linux 4.13).
 * - `'default'`: The group's, and that of groups below where nobody listens there.
 * - `'hierarchy'`: The group's and that of all groups below.
 * - `'local'`: The group's alone.
 */
export type PressureLevelMode = 'default' | 'hierarchy' | 'local';

/**
 * A part of a snapshot.
 * - `'cpu'`: CPU time and throttling.
 * - `'memory'`: Memory and swap.
 * - `'io'`: Block devices.
 * - `'pids'`: Processes and threads.
 * - `'pressure'`: Pressure stall information (Linux 4.20).
 * - `'hugetlb'`: Huge pages.
 * - `'rdma'`: RDMA devices.
 * - `'misc'`: Whatever else the kernel counts by name (Linux 5.13).
 */
export type StatKind = 'cpu' | 'memory' | 'io' | 'pids' | 'pressure' | 'hugetlb' | 'rdma' | 'misc';

/**
 * A number that the memory controller keeps; the names are those of v1.
 * - `'usage'`: Bytes in use, page cache included. v1 `memory.usage_in_bytes`, v2 `memory.current`.
 * - `'max_usage'`: The most that was in use since the group was made or this was reset. v1
 * `memory.max_usage_in_bytes`, v2 `memory.peak` (Linux 5.19; reset 6.12, for this handle alone).
 * - `'limit'`: The limit. v1 `memory.limit_in_bytes`, v2 `memory.max`.
 * - `'failcnt'`: How often the limit was hit. v1 `memory.failcnt`, v2 `max` of `memory.events` (no
 * reset). Where the limit with swap is the same, v1 counts nothing: go by the kills.
 * - `'memsw_usage'`: Bytes of memory and swap in use. v1 `memory.memsw.usage_in_bytes`, v2 the sum
 * of `memory.current` and `memory.swap.current`.
 * - `'memsw_max_usage'`: The most of both. v1 `memory.memsw.max_usage_in_bytes`; v2 has two peaks,
 * which cannot be added.
 * - `'memsw_limit'`: The limit of both. v1 `memory.memsw.limit_in_bytes`, v2 the sum of
 * `memory.max` and `memory.swap.max`.
 * - `'memsw_failcnt'`: How often the limit of both was hit. v1 `memory.memsw.failcnt`; v2 has no
 * such limit.
 */
export type MemoryValue = 'usage' | 'max_usage' | 'limit' | 'failcnt' | 'memsw_usage' | 'memsw_max_usage' | 'memsw_limit' | 'memsw_failcnt';

/**
 * How weights of one version become those of the other.
 * - `'runc-2025'`: The rule of runc 1.3.2, crun 1.23 and youki 0.6 (2025): 1024 shares are the
 * weight 100, and both ends meet. What this library goes by.
 * - `'systemd'`: The rule of systemd for CPU weights: 1024 to 100 in proportion, cut at 1 and
 * 10000. For block devices that of crun under systemd: 100 is 100.
 * - `'linear'`: One straight line from end to end: runc before 1.3.2, where 1024 shares are the
 * weight 39.
 */
export type ConversionRule = 'runc-2025' | 'systemd' | 'linear';

/** One directory of a group. */
export interface CgroupPlace {
  /** v1 or v2. */
  readonly version: CgroupVersion;
  /** v1: the controllers of the hierarchy. v2: those that the group has (`cgroup.controllers`). */
  readonly controllers: readonly string[];
  /** The name of a v1 hierarchy without controllers. */
  readonly name: string | null;
  /** The directory. */
  readonly path: string | Buffer;
}

/**
 * The version of a hierarchy's interface (cgroups(7)).
 * - `'v1'`: One hierarchy for each controller or group of controllers.
 * - `'v2'`: The unified hierarchy.
 */
export type CgroupVersion = 'v1' | 'v2';

/**
 * What a group uses and has used. A part is absent when it was not asked for or the group has no
 * such controller, a number when this kernel does not tell it or, of a limit, when there is none.
 *
 * The parts are read one after another, so that they are of slightly different moments.
 */
export interface Stat {
  /** CPU time and throttling. */
  readonly cpu: CpuStat | null;
  /** Memory and swap. */
  readonly memory: MemoryStat | null;
  /** Block devices, in the kernel's order. */
  readonly io: readonly IoStat[] | null;
  /** Processes and threads. */
  readonly pids: PidsStat | null;
  /** Pressure, which only a v2 directory has; that of the companion group on hybrid hosts. */
  readonly pressure: PressureStat | null;
  /** Huge pages by their size, such as `2MB`. */
  readonly hugetlb: Readonly<Record<string, HugetlbStat>> | null;
  /** RDMA devices by name. */
  readonly rdma: Readonly<Record<string, RdmaStat>> | null;
  /** Further resources by name. */
  readonly misc: Readonly<Record<string, MiscStat>> | null;
}

/**
 * CPU time of a group and of those below it, ended processes included. All times in microseconds.
 */
export interface CpuStat {
  /**
   * User and system time. v1: `cpuacct.usage`; v2: `cpu.stat`, which is there without a
   * controller, too.
   */
  readonly usageUsec: number | null;
  /** The user part. v1 counts it in ticks of 10 ms (`cpuacct.stat`). */
  readonly userUsec: number | null;
  /** The system part; v1 as above. */
  readonly systemUsec: number | null;
  /** Periods of `cpus` that have passed while something could run. */
  readonly nrPeriods: number | null;
  /** Those in which the quota ran out. */
  readonly nrThrottled: number | null;
  /** How long processes waited for the next period, all CPUs together. */
  readonly throttledUsec: number | null;
  /** Periods that went over the quota by saved time (Linux 5.14). */
  readonly nrBursts: number | null;
  /** The time over the quota (Linux 5.14). */
  readonly burstUsec: number | null;
  /**
   * The time by CPU, v1 only (`cpuacct.usage_percpu`); all possible CPUs, those that are off too.
   */
  readonly perCpuUsec: readonly number[] | null;
  /** What else the kernel tells in `cpu.stat`, by its own names. */
  readonly other: Readonly<Record<string, number>>;
}

/** Memory of a group and of those below it, page cache and kernel memory included. Bytes. */
export interface MemoryStat {
  /**
   * Now in use. Of the root of the v2 tree, which does not count it: anonymous memory and page
   * cache.
   */
  readonly current: number | null;
  /** The most that was in use at once. v2: Linux 5.19. */
  readonly peak: number | null;
  /** The limit, absent where there is none. */
  readonly limit: number | null;
  /**
   * Swap in use. v1 tells only the sum with memory: the difference of two numbers that are read
   * one after the other.
   */
  readonly swapCurrent: number | null;
  /**
   * The most swap that was in use at once, v2 only (Linux 6.5): the peak of a sum is not a sum of
   * peaks.
   */
  readonly swapPeak: number | null;
  /**
   * The swap limit, absent where there is none. v1: what the sum may be beyond the memory limit.
   */
  readonly swapLimit: number | null;
  /**
   * How often the limit stood in the way. v1: `memory.failcnt`, which stays 0 while the limit of
   * the sum is no higher; v2: `max` of `memory.events`.
   */
  readonly failcnt: number | null;
  /** Processes that the out of memory killer ended. v1: in this group alone. */
  readonly oomKills: number | null;
  /** Whether processes wait for memory right now, v1 only. */
  readonly underOom: boolean | null;
  /** `memory.events`, v2 only. */
  readonly events: Readonly<Record<string, number>>;
  /**
   * `memory.stat` by the kernel's names, which are other ones on v1; what begins with `total_`
   * there includes the groups below, the rest does not.
   */
  readonly stat: Readonly<Record<string, number>>;
}

/**
 * What a group and those below it have read and written on one block device.
 *
 * v1 counts less than v2: of Linux 6.18 only devices on which some group has had a
 * `blkio.throttle` limit since the host started, or whose scheduler is bfq.
 */
export interface IoStat {
  /** The device's numbers, `MAJOR:MINOR`. */
  readonly device: string;
  /** Bytes read. */
  readonly rbytes: number;
  /** Bytes written. */
  readonly wbytes: number;
  /** Read operations. */
  readonly rios: number;
  /** Write operations. */
  readonly wios: number;
  /** Bytes discarded. */
  readonly dbytes: number;
  /** Discard operations. */
  readonly dios: number;
  /** What else the kernel tells, by its own names (`cost.usage` and its like), v2 only. */
  readonly other: Readonly<Record<string, number>>;
}

/** Processes and threads of a group and of those below it. */
export interface PidsStat {
  /** How many there are. */
  readonly current: number | null;
  /** The most that there were at once (Linux 6.1). */
  readonly peak: number | null;
  /** The limit, absent where there is none. */
  readonly limit: number | null;
  /**
   * How often a new one was refused. v1, and v2 before Linux 6.11: to a process of this group, by
   * its limit or one above; v2 since: by the limit of this group or one below.
   */
  readonly denied: number | null;
}

/** The pressure of a group and of those below it, by resource. */
export interface PressureStat {
  /** Runnable processes that waited for a CPU, throttled ones included. */
  readonly cpu: Pressure | null;
  /** Processes that waited for memory. */
  readonly memory: Pressure | null;
  /** Processes that waited for a block device. */
  readonly io: Pressure | null;
}

/** The pressure of one resource. */
export interface Pressure {
  /** While at least one process waited. */
  readonly some: Stalls | null;
  /** While all of them waited. For the CPU: Linux 5.13. */
  readonly full: Stalls | null;
}

/** How much of the time was lost. */
export interface Stalls {
  /** Percent of the last 10 seconds. */
  readonly avg10: number;
  /** Percent of the last minute. */
  readonly avg60: number;
  /** Percent of the last 5 minutes. */
  readonly avg300: number;
  /** Microseconds since the group was made. */
  readonly totalUsec: number;
}

/** Huge pages of one size of a group and of those below it. Bytes. */
export interface HugetlbStat {
  /** Now in use. */
  readonly current: number | null;
  /** The most that was in use at once, v1 only. */
  readonly peak: number | null;
  /** The limit, absent where there is none. */
  readonly limit: number | null;
  /** How often the limit refused a page. */
  readonly failcnt: number | null;
}

/** What a group and those below it hold of one RDMA device. */
export interface RdmaStat {
  /** HCA handles in use. */
  readonly handles: number;
  /** HCA objects in use. */
  readonly objects: number;
  /** The limit of handles, absent where there is none. */
  readonly handlesLimit: number | null;
  /** The limit of objects, absent where there is none. */
  readonly objectsLimit: number | null;
}

/** What a group and those below it hold of one resource. */
export interface MiscStat {
  /** Now in use. */
  readonly current: number;
  /** The most that was in use at once (Linux 6.11). */
  readonly peak: number | null;
  /** The limit, absent where there is none. */
  readonly limit: number | null;
  /** How often the limit stood in the way (Linux 5.16). */
  readonly denied: number | null;
}

/** Something that has happened to a group since the watch began. */
export interface CgroupEvent {
  /** What has happened. */
  readonly kind: CgroupEventKind;
  /** Which watch tells it: its place in the list that was given, from 0. `removed` has none. */
  readonly watch: number | null;
  /**
   * The group's file that tells it, such as `memory.events`; of `removed` the group's directory.
   */
  readonly file: string;
  /** How often since it was last reported, at least 1. */
  readonly count: number;
  /** The kernel's figure now: the counter's total, the usage in bytes, the stall time. */
  readonly value: number | null;
  /** Which of several, as said at the kind. */
  readonly detail: string | null;
}

/**
 * What has happened.
 * - `'oom'`: Memory has run out. v1, where the group pauses instead of being killed: `detail` is
 * `paused`.
 * - `'oom_kill'`: The kernel has killed processes for want of memory.
 * - `'oom_group_kill'`: The kernel has killed whole groups (`memory.oom.group`; Linux 5.17 counts
 * them).
 * - `'threshold'`: Memory usage has crossed the threshold; `value` is the usage now, `detail`
 * `above` or `below`.
 * - `'pressure'`: Stall time has gone over the trigger; `value` is the group's stall time so far
 * in microseconds, `detail` `some` or `full`.
 * - `'pressure_level'`: The kernel reclaims at or above the level in `detail`.
 * - `'limit'`: Memory has met a limit: `detail` is `low`, `high` or `max` (or another word of
 * `memory.events`).
 * - `'pids_limit'`: A fork or clone has failed at the limit of processes.
 * - `'populated'`: There are processes now.
 * - `'empty'`: There are no processes any more.
 * - `'frozen'`: All processes stand still.
 * - `'thawed'`: They move again.
 * - `'removed'`: The group has been removed. The last event.
 */
export type CgroupEventKind = 'oom' | 'oom_kill' | 'oom_group_kill' | 'threshold' | 'pressure' | 'pressure_level' | 'limit' | 'pids_limit' | 'populated' | 'empty' | 'frozen' | 'thawed' | 'removed';

/** What happens in a group that is out of memory. */
export interface OomControl {
  /**
   * v1 `oom_kill_disable`: who needs memory that is not there waits, and nobody is killed. On v2
   * never.
   */
  readonly paused: boolean;
  /** v1: whether processes wait for memory now. On v2 never. */
  readonly underOom: boolean;
  /**
   * How many processes the out of memory killer has ended in the group. v1 (Linux 4.13) of the
   * group alone, v2 of those below it too.
   */
  readonly kills: number;
}

/**
 * Whether the processes of a group may use a device in a way, and what decides.
 *
 * File permissions, mounts with `nodev` and the like are another matter.
 */
export interface DeviceExplanation {
  /** Whether no tree of the group denies it, as far as that can be seen. */
  readonly allowed: boolean;
  /**
   * The rule that decides, such as `deny b 8:0 w`; `None` where the default does, or a program
   * that this library cannot read.
   */
  readonly rule: string | null;
  /** What decides, in words, with the path of the group. */
  readonly reason: string;
}

/** What was found wrong and right with this host for this caller. */
export interface Diagnosis {
  /** Whether everything works that a default job needs. */
  readonly ready: boolean;
  /** All that was examined, area by area. */
  readonly checks: readonly Check[];
}

/** One thing that was examined. */
export interface Check {
  /** What it is about. */
  readonly area: CheckArea;
  /** What was examined, in a few words; unique in its area. */
  readonly name: string;
  /** What it came to. */
  readonly status: CheckStatus;
  /** Whether a default job, a strict one without limits, does not start without it. */
  readonly needed: boolean;
  /** What was found, in a few words. */
  readonly found: string;
  /** Why it does not work in full, in one line. */
  readonly reason: string | null;
  /** What to do about it, in one line: a command or a file with its content where there is one. */
  readonly remedy: string | null;
}

/**
 * What a check is about.
 * - `'kernel'`: The kernel's release, its calls, filters and programs.
 * - `'proc'`: /proc and what it holds.
 * - `'namespaces'`: The eight kinds of namespaces, and mounts in them.
 * - `'ids'`: Maps of user and group ids.
 * - `'cgroups'`: The cgroup trees and their controllers.
 * - `'systemd'`: systemd as the manager of the cgroup tree.
 * - `'jobs'`: Jobs, tried for real.
 */
export type CheckArea = 'kernel' | 'proc' | 'namespaces' | 'ids' | 'cgroups' | 'systemd' | 'jobs';

/**
 * What a check came to.
 * - `'works'`: It works.
 * - `'limited'`: It works with less than it could; the reason says what is lost.
 * - `'fails'`: What needs it cannot be had.
 * - `'absent'`: It is not there, and nothing here misses it.
 */
export type CheckStatus = 'works' | 'limited' | 'fails' | 'absent';
