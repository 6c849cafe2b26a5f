// libisolate: run commands in Linux namespaces and cgroups, with limits, and learn how they ended.

import { EventEmitter } from 'node:events';
import { Server, Socket } from 'node:net';
import {
  Bytes, CgroupEvent, CgroupPath, CgroupPlace, ConversionRule, DeviceExplanation, Diagnosis, Driver, Enforced, IdMap, IdMaps,
  Limits, MemoryValue, MountInfo, NamespaceEntry, NamespaceId, NamespaceKind, Namespaces, OomControl, Outcome as Ended, Persisted,
  Process, Spec, Stat, StatKind, Stdio as WireStdio, SubordinateIds, TimeOffsets, TreeNode, Usage, Watch,
} from './spec';

export * from './spec';

/** Where a standard stream goes; a number, an open file or a stream stands for its descriptor. */
export type Stdio = WireStdio | number | { readonly fd: number };

/** How a job ended, what it used and what was in force. */
export interface Outcome<Output = Buffer> extends Ended<Output> {
  /** The exit status a shell would show: the code, 128 + signal, 124 for a timeout. */
  readonly shellStatus: number;
}

/** The fields of a spec, and what is said about the call itself. */
export interface SpawnOptions extends Omit<Spec, 'argv' | 'stdin' | 'stdout' | 'stderr' | 'namespaces'> {
  /**
   * Which namespaces are new, and which are there and entered: of these a `Namespace`, or all of a
   * `NamespaceSet`. They may be closed once the job has started.
   */
  readonly namespaces?: Namespaces | NamespaceSet;
  readonly stdin?: Stdio;
  readonly stdout?: Stdio;
  readonly stderr?: Stdio;
  /** Kills the job when it fires; what waits for the job then rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Gives stdout and stderr as text of this encoding instead of bytes. */
  readonly encoding?: BufferEncoding;
}

export interface RunOptions extends SpawnOptions {
  /** Written to the job's stdin, which is closed after it. */
  readonly input?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Captures stdout and stderr: short for `'capture'` at both. */
  readonly captureOutput?: boolean;
}

/** The program with its arguments, or a whole spec. */
export type Command = readonly Bytes[] | (SpawnOptions & { readonly argv: readonly Bytes[] });

/**
 * Runs a job to its end. A job that ran and failed is an outcome; the promise rejects with an
 * `IsolateError` for everything that kept it from starting.
 */
export function run(command: Command, options: RunOptions & { readonly encoding: BufferEncoding }): Promise<Outcome<string>>;
export function run(command: Command, options?: RunOptions): Promise<Outcome<Buffer>>;

/** Starts a job; when the promise is fulfilled, its program runs. */
export function spawn(command: Command, options: SpawnOptions & { readonly encoding: BufferEncoding }): Promise<Job<string>>;
export function spawn(command: Command, options?: SpawnOptions): Promise<Job<Buffer>>;

/**
 * A running job; made by `spawn()`.
 *
 * It keeps the event loop alive until it ends, unless `unref()` says otherwise. It is killed when the
 * thread that started it ends, and when it is collected as garbage: nothing refers to it any more, no
 * piped stream of it is open, nobody waits for it or listens for its `exit`.
 */
export class Job<Output = Buffer> extends EventEmitter implements AsyncDisposable {
  private constructor();
  /** Process id of the program as the caller sees it. */
  readonly pid: number;
  /** Where to write to the program's stdin, where the spec says `'pipe'`. */
  readonly stdin: Socket | null;
  /** Where to read the program's stdout, where the spec says `'pipe'`. */
  readonly stdout: Socket | null;
  /** Where to read the program's stderr, where the spec says `'pipe'`. */
  readonly stderr: Socket | null;
  /** The inode numbers of the job's namespaces by kind. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** What is in force, by name; `update()` changes it. */
  get enforcement(): Readonly<Record<string, Enforced>>;
  /** How the job ended, once that is known. */
  get outcome(): Outcome<Output> | null;

  /** Waits for the end. Every call gives the same outcome. */
  wait(): Promise<Outcome<Output>>;
  /** Kills every process of the job; it then ends as `'killed'`. */
  kill(): void;
  /** Sends a signal to the program; false when the job has ended. */
  signal(signal: NodeJS.Signals | number): boolean;
  /** What the job has used so far. */
  usage(): Usage;
  /** The job's processes by ascending number, without its init; none once it has ended. */
  processes(): Promise<Process[]>;
  /**
   * The job's own group, as a handle that lives on after the job; the group does not. Fails with kind
   * `'not_found'` when the job has no group, or has ended.
   */
  cgroup(): Cgroup;
  /**
   * Puts other limits in force while the job runs, all or nothing; what is not named stays as it is. Gives
   * what is in force, by name; `enforcement` and the outcome tell of it from then on.
   *
   * A controller that the job's group does not have yet, it gets; on v1 that moves the job's processes, at the
   * price that `Cgroup.attach()` tells of. Fails as `Cgroup.apply()`, and as `cgroup()`.
   */
  update(limits: Limits): Promise<Readonly<Record<string, Enforced>>>;
  /** One of the job's namespaces, which lives on as long as the handle does. */
  namespace(kind: NamespaceKind): Namespace;
  /**
   * Starts another program inside the running job: in its namespaces, its cgroup and its root, as its user
   * unless the options say otherwise. They may not say what the job has decided, such as namespaces,
   * root, maps and cgroup limits. It ends with the job at the latest, and while it runs the job is not collected.
   */
  exec(command: Command, options: SpawnOptions & { readonly encoding: BufferEncoding }): Promise<Job<string>>;
  exec(command: Command, options?: SpawnOptions): Promise<Job<Buffer>>;
  /** Kills the job if it still runs, waits until nothing of it is left, and closes its streams. */
  close(): Promise<void>;
  /** Lets the running job keep the event loop alive; so it does at the start. */
  ref(): this;
  /** Lets the event loop end before the job and its streams. */
  unref(): this;
  /** As `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  on(event: 'exit', listener: (outcome: Outcome<Output>) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  once(event: 'exit', listener: (outcome: Outcome<Output>) => void): this;
  once(event: 'error', listener: (error: Error) => void): this;
}

/** The kinds of failure, the same in every language. */
export type ErrorKind =
  | 'invalid_spec' | 'not_found' | 'permission' | 'unsupported' | 'busy'
  | 'limit' | 'timeout' | 'child' | 'internal' | 'other';

/** A failure of the library. `message` is `stage: subject: what`, the same in every language. */
export class IsolateError extends Error {
  constructor(message: string, fields?: Partial<Pick<IsolateError, 'kind' | 'code' | 'errno' | 'stage' | 'subject'>>);
  readonly name: 'IsolateError';
  readonly kind: ErrorKind;
  /** The errno's name, such as `'ENOENT'`. */
  readonly code: string;
  /** The errno, positive. */
  readonly errno: number;
  /** Where it happened, such as `'spec'`, `'mount'` or `'exec'`. */
  readonly stage: string;
  /** What it happened to: a path, a field of the spec, a program. May be empty. */
  readonly subject: string;
}

/** What an aborted call rejects with; `cause` is the signal's reason. */
export class AbortError extends Error {
  constructor(signal: AbortSignal);
  readonly name: 'AbortError';
  readonly code: 'ABORT_ERR';
}

/** Reads a spec of JSON text, the form that every language shares, as `run()` and `spawn()` take it. */
export function specFromJson(text: string): SpawnOptions & { readonly argv: readonly Bytes[] };

/** What this kernel, cgroup tree and user can do, found out by asking. Keys are those of the wire. */
export function host(): Record<string, unknown>;

/**
 * Examines this host for this caller: what of the library works, what does not, why, and what to do. Makes
 * each kind of namespace and runs two small jobs; nothing of them is left, and nothing of the calling process
 * changes. What a host lacks is no error but a check that says so.
 */
export function doctor(): Promise<Diagnosis>;

/**
 * Moves the calling process out of its own v2 cgroup into a group `isolate-leaf` below it, so that limits
 * can be set beside it. For a program that is alone in a cgroup of its own, before its first job; where
 * nothing is to be done, does nothing.
 */
export function moveToLeaf(): void;

/** The library's version, `major.minor.patch`. */
export const version: string;

/**
 * A group of processes with limits: one directory in each hierarchy that it spans (cgroups(7)). Made or opened
 * by one of the static functions.
 *
 * Its directories are held open: the handle stays with the group that it was made for, also when another takes
 * its name. At the end of an `await using` block a group that was made by this handle is killed and removed;
 * one that was opened is left as it is. Without a block the group stays until `remove()`.
 *
 * What may wait gives a promise, and neither JavaScript nor libuv's pool waits meanwhile. Failures are
 * `IsolateError`s with stage `'cgroup'`: kind `'not_found'` once the group is removed, `'invalid_spec'` once
 * the handle is closed and for what is of a wrong type.
 */
export class Cgroup implements AsyncDisposable {
  private constructor();
  /**
   * Makes a group of that name, which must not be there yet, below `parent`: `'a/b'` below the caller's own,
   * `'/a/b'` from the root of each hierarchy as the caller sees it; left out, below the caller's own. It has the
   * `controllers` that are named, or all that can be had. On a host with v1 hierarchies and a v2 tree it gets
   * a directory in the v2 tree too, also when no controller is there: that gives freezing, killing, events
   * and pressure.
   *
   * By the `driver` `'systemd'`, and by `'auto'` where systemd manages the caller's own group, it is a group in
   * a transient scope of that name (with `.scope` or without) in the `slice`, which is handed over whole. A scope
   * lives by its processes, so one of this library's own waits in it until the group is removed or the handle
   * closed; then systemd takes the scope away as soon as it is empty. Left out, the driver is `'cgroupfs'`.
   *
   * Fails with kind `'invalid_spec'` for a name or path that leads elsewhere; `'busy'` when the group or unit is
   * there or the group above it holds processes; `'not_found'` without the parent; `'unsupported'` or
   * `'permission'` for a controller or systemd that cannot be had, with what to do. Nothing is left of what was
   * made.
   */
  static create(
    name: string,
    options?: {
      readonly parent?: string;
      readonly controllers?: string | readonly string[];
      readonly driver?: Driver;
      readonly slice?: string;
    },
  ): Promise<Cgroup>;
  /**
   * Opens a group that is there: `'a/b'` below the caller's own, `'/a/b'` from the root of each hierarchy as the
   * caller sees it, `'/'` that itself. The handle spans the hierarchies that have it.
   */
  static open(path: string): Cgroup;
  /** The group that the caller is in, in every hierarchy. */
  static own(): Cgroup;
  /** The group that a process is in, in every hierarchy that the caller sees it in. */
  static ofProcess(pid: number): Cgroup;

  /**
   * The path by which the handle was made, as `open()` takes it; `'.'` for the caller's own group,
   * `'process N'` for that of a process.
   */
  readonly path: string;
  /** The scope of systemd's that the group is in, with `.scope`, where this process had it made, or `null`. */
  readonly unit: string | null;
  /** Whether the handle is closed. */
  get closed(): boolean;
  /** The group's directories, one for each hierarchy. */
  places(): readonly CgroupPlace[];
  /** The controllers that the group has, of whatever version, by name. */
  controllers(): string[];
  /** The names of the groups directly below, in whatever hierarchy. None once the group is removed. */
  children(): string[];
  /** Opens a group directly below; fails with kind `'not_found'` when there is none of that name. */
  child(name: string): Cgroup;
  /**
   * Makes a group below this one, with the controllers that it must have, or all that this one has. Fails as
   * `create()`.
   */
  createChild(name: string, options?: { readonly controllers?: string | readonly string[] }): Promise<Cgroup>;

  /**
   * Moves processes, with all their threads, into the group in every hierarchy: all of them or none.
   *
   * The price of a move is some 10 ms of the kernel's, and is paid once for all moves that follow each other
   * closely: move many in one call. Fails with kind `'not_found'` for a process that is gone, `'permission'`
   * where the group was not delegated to the caller, `'busy'` where the group hands controllers to groups
   * below it (v2: only groups at the end of the tree hold processes). Those that were moved are moved back.
   */
  attach(pids: number | readonly number[]): Promise<void>;
  /**
   * Moves single threads into the group: all of them or none. v1 hierarchies take any thread. The v2 tree takes
   * threads only in a threaded group (write `'threaded'` to `cgroup.type`); where there are v1 hierarchies too,
   * a thread stays in its process's place of a v2 tree that is not threaded.
   */
  attachThreads(tids: number | readonly number[]): Promise<void>;
  /**
   * The processes in the group as the caller sees them: those of another pid namespace are left out. Sorted.
   * With `recursive` also those in the groups below. None once the group is removed.
   */
  processes(options?: { readonly recursive?: boolean }): Promise<number[]>;
  /** The threads in the group, and with `recursive` in those below it. */
  threads(options?: { readonly recursive?: boolean }): Promise<number[]>;
  /**
   * Stops every process in the group and below it, and resolves when all stand. New ones that come in stop at
   * once. By the v2 directory where there is one (Linux 5.2), else by the v1 freezer.
   *
   * Fails with kind `'invalid_spec'` for a group that the caller is in itself, `'unsupported'` without a v2
   * directory and a v1 freezer, `'timeout'` when some still move after `timeoutMs` (10,000): all are thawed again.
   */
  freeze(options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Lets every process go on, and resolves when all do. Fails with kind `'busy'` when a group above is frozen,
   * which keeps this one frozen.
   */
  thaw(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Whether all processes of the group stand, by its own state or that of a group above. */
  isFrozen(): Promise<boolean>;
  /** Whether a process is in the group or below it. */
  isPopulated(): Promise<boolean>;
  /**
   * Kills every process of the group and of those below it, forked ones included, frozen ones too.
   *
   * With a v2 directory (Linux 5.14) the processes are then as good as dead. Of v1 directories none is left
   * when it is done, after 10 seconds at most. A group that the caller is in is refused (`invalid_spec`).
   */
  kill(): Promise<void>;
  /**
   * Takes the group away in every hierarchy, with the groups below it, which must be empty. Fails with kind
   * `'busy'`, the path that would not go and how many processes are in it; with `'invalid_spec'` for a group that
   * the caller is in. What is gone already is removed.
   */
  remove(): Promise<void>;
  /**
   * Gives the group to a user: its directory and the files by which it is divided further, but not those of its
   * own limits (cgroups(7), "Delegation"). What is left out stays as it is.
   *
   * Fails with kind `'unsupported'` for a group with v1 directories: whoever may write those is not held by the
   * limits above them. What was changed before a failure is changed back.
   */
  delegate(owner: { readonly uid?: number; readonly gid?: number }): Promise<void>;

  /**
   * Reads a file of the group's, such as `memory.stat`, from whichever hierarchy has it. Fails with kind
   * `'invalid_spec'` for what is no file name, `'unsupported'` when the group has no such file.
   */
  get(file: string): Promise<string>;
  /**
   * Writes a file of the group's as it is, and gives what it holds then; of a file that cannot be read,
   * nothing.
   */
  set(file: string, value: string | number | bigint): Promise<string>;
  /**
   * Puts limits in force, in an order that the kernel takes whatever holds now, and reads them back: gives what
   * is in force, by name. What is not named stays as it is. All or nothing: after a failure every limit is as
   * before. `bestEffort` lists those that may be left out. A limit below the present use is refused, and
   * nobody is killed.
   */
  apply(limits: Limits): Promise<Readonly<Record<string, Enforced>>>;
  /**
   * What the group uses and has used: the parts that are named, or all. Cheap to call again and again: the
   * files are read through the directories that are held open.
   */
  stat(kinds?: StatKind | readonly StatKind[]): Promise<Stat>;
  /**
   * Begins to watch the group: what happens from now on is told by the `Events`, which outlive the handle.
   * Without watches, only its removal is.
   *
   * Fails with kind `'unsupported'` when nothing on this layout tells of what is to be watched, with what to
   * watch instead.
   */
  events(watches?: Watch | readonly Watch[]): Events;

  /** Reads a number of the memory controller's; null is no limit. */
  memory(value: MemoryValue): Promise<number | null>;
  /**
   * Sets `'limit'` or `'memsw_limit'` in bytes, null for none; gives what is in force then (rounded down to a
   * page by the kernel). A limit that is below the use, when the kernel has taken back what it can, is refused
   * with kind `'busy'`, use and peak, and nobody is killed.
   */
  setMemory(value: MemoryValue, limit: number | null): Promise<number | null>;
  /** Starts a peak or a count again. */
  resetMemory(value: MemoryValue): Promise<void>;
  /** What happens when the group is out of memory, and how often it has. */
  oomControl(): Promise<OomControl>;
  /**
   * Whether who needs memory that is not there waits for it instead of being killed: until a limit is raised,
   * memory is freed, or this is taken back. v1 alone.
   */
  setOomPause(paused: boolean): Promise<void>;
  /**
   * Asks the kernel to take memory back from the group: page cache and, where there is swap, idle memory. All
   * that goes (v2: Linux 5.19), or so many bytes (v2). Gives the bytes that were freed.
   */
  reclaim(bytes?: number): Promise<number>;

  /**
   * Whether the processes of the group may use a device, and which rule of which group says so. The device is
   * `'c 1:3'`, `'b 8:0'` or a path, the access letters of `'rwm'` (read, write, make a node), all by default.
   *
   * Looks at the groups above, too, as far as the caller sees them, and at the programs of v2 groups that it may
   * open (CAP_SYS_ADMIN); the reason says what could not be looked at. Permissions of the device's node and
   * missing capabilities are not looked at.
   */
  explainDevice(device: string, access?: string): Promise<DeviceExplanation>;

  /**
   * Whether the hierarchy's release agent is run when the group has become empty, in all of its v1 hierarchies
   * (cgroups(7)). Fails with kind `'unsupported'` without v1 directories: watch for `'populated'` instead.
   */
  notifyOnRelease(): Promise<boolean>;
  /** Sets whether it is run. After a failure it is as before. */
  setNotifyOnRelease(notify: boolean): Promise<void>;
  /**
   * The program that the kernel runs for a v1 hierarchy when a group with `notifyOnRelease()` has become empty;
   * empty for none. The hierarchy is named by a controller of it, or as `'name=NAME'`. Only the group at the
   * root of the hierarchy has it.
   */
  releaseAgent(hierarchy: string): Promise<string>;
  /**
   * Sets it for the whole hierarchy: an absolute path, or nothing. It is run as root outside of every namespace
   * and limit: only root of the initial user namespace may.
   */
  setReleaseAgent(hierarchy: string, program: string): Promise<void>;

  /**
   * Closes the handle. The group stays, and so do `Events` of it; one that systemd made goes with its scope, once
   * nothing runs in it.
   */
  close(): void;
  /** Kills and removes a group that was made by this handle, and closes it: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The events of a group from `Cgroup.events()` on: what it was asked to watch, and its removal, the last. For
 * `for await`; the end of the loop closes it.
 *
 * One thread waits for all of the process, so that neither JavaScript nor libuv's pool does. The event loop is
 * kept alive while a turn is waited for. It does not keep the group from being removed.
 */
export class Events implements AsyncIterableIterator<CgroupEvent>, AsyncDisposable, Disposable {
  private constructor();
  /** Whether it is closed. */
  get closed(): boolean;
  /** The next event, once it comes; done when there will be none any more. */
  next(): Promise<IteratorResult<CgroupEvent, undefined>>;
  /** Closes it: what the end of a `for await` calls. */
  return(value?: unknown): Promise<IteratorResult<CgroupEvent, undefined>>;
  /** Closes its descriptors. Who waits is told that it is done. */
  close(): void;
  [Symbol.asyncIterator](): this;
  /** As `close()`: for `using`. */
  [Symbol.dispose](): void;
  /** As `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Conversions between the values of cgroup v1 and v2, as pure functions under named rules.
 *
 * Nothing here looks at the host. Numbers of v1 keep their meaning: -1 is "no limit", 0 is "not set". Weights
 * go by `'runc-2025'` unless told otherwise, as the library itself does. All fail with kind `'invalid_spec'` for
 * what is out of range.
 */
export namespace convert {
  /**
   * The `cpu.weight` for `cpu.shares`, 1 to 10000. 0 stays 0; what is outside 2 to 262144 counts as the nearer
   * end, as it does in the v1 kernel.
   */
  function sharesToWeight(shares: number, rule?: ConversionRule): number;
  /**
   * The `cpu.shares` for a `cpu.weight` up to 10000: `sharesToWeight()` makes the same weight of it again, for
   * every weight and rule. 0 stays 0.
   */
  function weightToShares(weight: number, rule?: ConversionRule): number;
  /**
   * The `io.weight` for a `blkio.weight` of 10 to 1000. 0 stays 0. `io.bfq.weight` takes the v1 value as it is.
   */
  function blkioToIoWeight(weight: number, rule?: ConversionRule): number;
  /**
   * The `blkio.weight` nearest to an `io.weight` up to 10000; what `blkioToIoWeight()` has made comes back
   * exactly. 0 stays 0.
   */
  function ioToBlkioWeight(weight: number, rule?: ConversionRule): number;
  /**
   * The `memory.swap.max` for a v1 pair of `memory.memsw.limit_in_bytes` and `memory.limit_in_bytes`. A result of
   * 0 of a sum that is not 0 forbids swap.
   */
  function swapMax(memsw: number, limit: number): number;
  /**
   * The `memory.memsw.limit_in_bytes` for a `memory.swap.max` and a memory limit: what `swapMax()` turns into
   * `swap` again.
   */
  function memswLimit(swap: number, limit: number): number;
  /**
   * The text of `cpu.max` for a v1 quota and period, microseconds. A quota of 0 or less is `max`; a period of 0
   * is the default, 100000.
   */
  function cpuMax(quota: number, period?: number): string;
  /** The quota, microseconds, that gives a number of CPUs over a period (0 for the default, 100000). */
  function quotaOf(cpus: number, period?: number): number;
}

/** What there is to know of a kind of namespace. */
export interface KindFacts {
  /** The name under /proc/PID/ns. */
  readonly name: NamespaceKind;
  /** The `CLONE_NEW*` flag of clone(2), unshare(2) and setns(2). */
  readonly flag: number;
  /** What it isolates, in a few words. */
  readonly isolates: string;
  /** The first Linux that has it, such as `'4.6'`. */
  readonly since: string;
  /** Whether namespaces of this kind have a parent: user and pid. */
  readonly isNested: boolean;
  /** Whether a process can have another for its children than for itself: pid and time. */
  readonly isForChildren: boolean;
  /** Whether this kernel has it. */
  readonly supported: boolean;
}

/** The eight kinds. */
export function namespaceKinds(): KindFacts[];

/** What a socket is made of (socket(2)): a name, or Linux's number. */
export interface SocketOptions {
  /** Default `'inet'`. */
  readonly family?: 'unix' | 'inet' | 'inet6' | 'netlink' | 'packet' | 'vsock' | number;
  /** Default `'stream'`. */
  readonly type?: 'stream' | 'dgram' | 'raw' | 'seqpacket' | number;
  /** Default 0: the usual one. */
  readonly protocol?: number;
}

/** What a function that ran inside gives: of a socket or server the descriptor. */
export type Brought<Result> = Awaited<Result> extends Socket | Server ? number : Awaited<Result>;

/**
 * A handle of a namespace, which keeps it alive even when no process is in it (of a pid namespace only the
 * shell: once its pid 1 has ended, no process can be made there).
 *
 * Opening one and asking what it is are system calls, done at once. What starts a process, mounts or
 * reads much gives a promise, and leaves every thread of this process where it is. Failures are
 * `IsolateError`s of the stage `'namespace'`; `kind` is `'not_found'` for what is gone or beyond the
 * caller's view, `'invalid_spec'` for a namespace of a kind that has no such thing.
 *
 * Collected as garbage it is closed. In the options of a job it stands for itself:
 * `namespaces: { net: ns }`.
 */
export class Namespace implements Disposable {
  private constructor();

  /** The calling thread's own. */
  static ofThread(kind: NamespaceKind): Namespace;
  /** That of a process, or of a thread by its id. */
  static ofProcess(pid: number, kind: NamespaceKind): Namespace;
  /** That in which the children of a process begin, of the kinds pid and time. */
  static ofChildren(pid: number, kind: NamespaceKind): Namespace;
  /** That of the process of a pidfd, and of no other that may have got its number since. */
  static ofPidfd(pidfd: number | { readonly fd: number }, kind: NamespaceKind): Namespace;
  /** That at a path: below /proc/PID/ns, or where one is kept. */
  static open(path: Bytes): Namespace;
  /** The network namespace that `ip netns` knows by a name. */
  static named(name: string): Namespace;
  /** That of a descriptor, which stays the caller's. */
  static ofFd(fd: number | { readonly fd: number }): Namespace;
  /** That of a file handle, in any process until the machine reboots (Linux 6.18). */
  static ofFileHandle(handle: Uint8Array): Namespace;
  /** That with a number as `kernelId` gives it; Linux 6.18 searches for it, 6.19 finds it at once. */
  static ofKernelId(id: number): Promise<Namespace>;

  /** Its kind. */
  readonly kind: NamespaceKind;
  /** Its device and inode numbers: two handles with the same are of the same namespace. */
  readonly id: NamespaceId;
  /** Its inode number, as in `net:[4026531833]`. */
  readonly inode: number;
  /** Its descriptor, close-on-exec; -1 when it is closed. */
  get fd(): number;
  /** Whether it is closed. */
  get closed(): boolean;
  /** The number that no other gets until the machine reboots (Linux 6.18). */
  get kernelId(): number;
  /** Whether the kernel booted with it. Of net and mnt this is known from Linux 6.18 on. */
  get isInitial(): boolean;

  /** Its file handle, to be kept as it is: by it any process finds the namespace again (Linux 6.18). */
  fileHandle(): Buffer;
  /** Another handle of the same namespace. */
  clone(): Namespace;
  /** The namespace it is nested in, of the kinds user and pid. */
  parent(): Namespace;
  /** The user namespace whose capabilities count in it; of a user namespace its parent. */
  owner(): Namespace;
  /** The user id, as the caller sees it, of whoever made its user namespace. */
  ownerUid(): number;
  /** How many mounts a mount namespace has, and its number (Linux 6.12). */
  mountInfo(): MountInfo;
  /** The number of a mount namespace, as statmount(2) takes it (Linux 6.11). */
  mountNamespaceId(): number;
  /** The mount namespace with the next higher number (Linux 6.12); `'not_found'` at the end. */
  nextMountNamespace(): Namespace;
  /** The mount namespace with the next lower number. */
  previousMountNamespace(): Namespace;
  /** Whether both are of the same namespace. */
  equals(other: unknown): boolean;

  /** The host name in a uts namespace. */
  hostname(): Promise<string>;
  /** Sets it for everyone in there: at most 64 bytes. */
  setHostname(name: string): Promise<void>;
  /** The NIS domain name in a uts namespace. */
  domainname(): Promise<string>;
  /** Sets it for everyone in there: at most 64 bytes. */
  setDomainname(name: string): Promise<void>;
  /** A kernel parameter that is the namespace's own, such as `net.ipv4.ip_forward`. */
  sysctl(name: string): Promise<string>;
  /** Sets one, for everyone in there. */
  setSysctl(name: string, value: string | number | bigint): Promise<void>;
  /** The clock offsets of a time namespace. */
  timeOffsets(): Promise<Required<TimeOffsets>>;
  /**
   * Opens a socket in a net namespace and gives its descriptor, which is the caller's to close: it stays
   * in its namespace wherever it goes. `new net.Socket({ fd })` connects from there.
   */
  socket(options?: SocketOptions): Promise<number>;
  /** Where a process is in the cgroup trees, as seen from a cgroup namespace. */
  cgroupPaths(pid: number): Promise<CgroupPath[]>;
  /** The id maps of a user namespace; `outside` is as the caller sees it. */
  idMaps(): Promise<Required<IdMaps>>;
  /** Who lives in it: as `processesIn()`. */
  processes(): Promise<Process[]>;
  /** Keeps it at a path by a bind mount; the file must not be there. `unpersist()` takes it away. */
  persist(path: Bytes): Promise<void>;
  /** Keeps a network namespace as `ip netns add` does; gives the path. */
  persistName(name: string): Promise<string>;
  /** Runs a function inside: `runInside()` with this one alone. */
  run<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Brought<Result>>;

  /** Closes the descriptor. What is under way finishes; a second time it does nothing. */
  close(): void;
  /** As `close()`: for `using`. */
  [Symbol.dispose](): void;
  /** As the kernel shows it: `net:[4026531833]`. */
  toString(): string;
}

/** What namespaces are to be like, in the words of a job's options. */
export interface NamespaceSettings {
  /** Host name of a new uts namespace. */
  readonly hostname?: string;
  /** NIS domain name of a new uts namespace. */
  readonly domainname?: string;
  /** Clock offsets of a new time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** Kernel parameters of the new ones' own. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Ids of a new user namespace; default as for a job. */
  readonly uidMap?: readonly IdMap[];
  readonly gidMap?: readonly IdMap[];
  /** A user namespace that is there and is to own the new ones. */
  readonly namespaces?: { readonly user: Namespace | { readonly path: Bytes } | { readonly fd: number } };
}

/**
 * Makes namespaces that no process needs to live in, owned by the new user namespace when that is among
 * them. A new network namespace has `lo` up, and the mounts of a new mount namespace are private. With a
 * pid namespace among them a holder, an init that only reaps, lives in all of them until the set is closed.
 */
export function createNamespaces(
  kinds: NamespaceKind | readonly NamespaceKind[],
  settings?: NamespaceSettings,
): Promise<NamespaceSet>;

/**
 * Namespaces made together; iterable, in the order of `namespaceKinds()`. As `namespaces` of a job's options it
 * stands for all its members.
 */
export class NamespaceSet implements Iterable<Namespace>, Disposable, AsyncDisposable {
  private constructor();
  /** The process that is pid 1 of the set's pid namespace, as the caller sees it. */
  readonly holderPid: number | null;
  /** The kinds of its members. */
  get kinds(): NamespaceKind[];
  /** The one of a kind. It may be closed by itself, and lives on in handles of its own. */
  get(kind: NamespaceKind): Namespace | null;
  [Symbol.iterator](): Iterator<Namespace>;
  /** Closes every handle, and kills the holder with whatever runs in the pid namespace. */
  close(): void;
  /** As `close()`: for `using`. */
  [Symbol.dispose](): void;
  /** As `close()`, without keeping JavaScript waiting for the end of the processes. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs a function on a thread of its own in namespaces, of the kinds cgroup, ipc, mnt, net, uts, and pid
 * for its children. No other thread of the process ever moves, and the thread is gone when the promise
 * settles. For a user or time namespace the kernel wants a process: start a job there.
 *
 * What crosses is the function's source text, so it sees no variable from around it; `require` is there,
 * with this package as `require('libisolate')`. Arguments and result are cloned (structured clone); of a
 * `net.Socket` or `net.Server` that it gives, the promise gives a descriptor. Errors come back as errors.
 * Descriptors that it opens with `fs.openSync()` are the whole process's: they stay open, and it may give
 * their numbers.
 *
 * Inside is what runs on the function's own thread: `fs.*Sync`, sockets and servers of `net` and `dgram`,
 * `child_process`, `os.hostname()`, and jobs of this package. What goes through the pool of threads that the
 * whole process shares is NOT inside: `fs.promises` and `fs` with callbacks, and `dns.lookup()` (so connect
 * to addresses, not to names). `import()`, which would read there, is refused.
 */
export function runInside<Args extends unknown[], Result>(
  namespaces: NamespaceSet | readonly Namespace[],
  fn: (...args: Args) => Result,
  ...args: Args
): Promise<Brought<Result>>;

/**
 * Moves the calling worker thread into namespaces: into all, or, on an error, into none. There is no way
 * back but to enter the old ones. Refused on the main thread, whose event loop the whole program shares.
 * What is inside is as for `runInside()`; what the worker starts (workers, jobs) begins there. A mount
 * namespace can be entered only after `unshareThread('mnt')`.
 */
export function enterThread(namespaces: Namespace | NamespaceSet | readonly Namespace[]): void;

/** Moves the calling worker thread into namespaces of the process of a pidfd in one step (Linux 5.8). */
export function enterThreadPidfd(
  pidfd: number | { readonly fd: number },
  kinds: NamespaceKind | readonly NamespaceKind[],
): void;

/**
 * Gives the calling worker thread new namespaces (unshare(2)), pid and time for its children, after which it
 * can start no further thread. A user namespace is refused: the kernel gives one only to a process with one
 * thread. Refused on the main thread.
 */
export function unshareThread(kinds: NamespaceKind | readonly NamespaceKind[]): void;

/** Every namespace that the caller can see, by kind and inode number, with what keeps it alive. */
export function listNamespaces(): Promise<NamespaceEntry[]>;

/** The same as a tree: user namespaces below their parents, and below each what it owns. */
export function namespaceTree(): Promise<TreeNode[]>;

/**
 * Who lives in a namespace, by ascending number; in a pid namespace also in those nested in it, and `inside`
 * is the number in it.
 */
export function processesIn(namespace: Namespace): Promise<Process[]>;

/** The namespaces that are kept at paths, in the caller's mount namespace. */
export function persistedNamespaces(): Promise<Persisted[]>;

/** Takes away what `persist()` made: the mount, and its file where that is empty. */
export function unpersist(path: Bytes): Promise<void>;

/** Takes away what `persistName()` or `ip netns add` made. */
export function unpersistName(name: string): Promise<void>;

/** Two namespaces; each is the calling thread's own where it is not named. */
export interface Between {
  readonly from?: Namespace;
  readonly to?: Namespace;
}

/** The number in the pid namespace `to` of the process that has the number `pid` in `from`. */
export function translatePid(pid: number, between: Between): number;

/** The number in the user namespace `to` of the user that is `uid` in `from`. */
export function translateUid(uid: number, between: Between): Promise<number>;

/** The number in the user namespace `to` of the group that is `gid` in `from`. */
export function translateGid(gid: number, between: Between): Promise<number>;

/** The id maps of a process's user namespace; `outside` is as the caller sees it. */
export function idMapsOf(pid: number): Promise<Required<IdMaps>>;

/**
 * Writes the maps of the user namespace of a process, which has none yet; what /etc/subuid and /etc/subgid
 * allow an ordinary user by newuidmap(1) and newgidmap(1).
 */
export function writeIdMaps(pid: number, maps: IdMaps): Promise<void>;

/** The ids that /etc/subuid and /etc/subgid give the caller: first and count of each range. */
export function subordinateIds(): Promise<SubordinateIds>;

/** Where a process is in the cgroup trees, as the caller sees it. */
export function cgroupPathsOf(pid: number): Promise<CgroupPath[]>;

/** The clock offsets that the children of a process begin with. */
export function timeOffsetsOf(pid: number): Promise<Required<TimeOffsets>>;

/**
 * Sets the clock offsets of the time namespace that a process has made for its children; `'busy'` once one is
 * born.
 */
export function setTimeOffsets(pid: number, offsets: TimeOffsets): Promise<void>;
