// The types of a spec, of an outcome, and of what is told of namespaces.
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
   * cgroup: `io.weight`, else `io.bfq.weight`; v1 `blkio.weight`, else `blkio.bfq.weight` (10 to
   * 1000, converted by the inverse of the rule that runc has).
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
