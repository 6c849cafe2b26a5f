// libisolate: run commands in Linux namespaces and cgroups, with limits, and learn how they ended.

import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Bytes, Enforced, Outcome as Ended, Spec, Stdio as WireStdio, Usage } from './spec';

export * from './spec';

/** Where a standard stream goes; a number, an open file or a stream stands for its descriptor. */
export type Stdio = WireStdio | number | { readonly fd: number };

/** How a job ended, what it used and what was in force. */
export interface Outcome<Output = Buffer> extends Ended<Output> {
  /** The exit status a shell would show: the code, 128 + signal, 124 for a timeout. */
  readonly shellStatus: number;
}

/** The fields of a spec, and what is said about the call itself. */
export interface SpawnOptions extends Omit<Spec, 'argv' | 'stdin' | 'stdout' | 'stderr'> {
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
  /** What is in force, by name. */
  readonly enforcement: Readonly<Record<string, Enforced>>;
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
 * Moves the calling process out of its own v2 cgroup into a group `isolate-leaf` below it, so that limits
 * can be set beside it. For a program that is alone in a cgroup of its own, before its first job; where
 * nothing is to be done, does nothing.
 */
export function moveToLeaf(): void;

/** The library's version, `major.minor.patch`. */
export const version: string;
