// Job: a running job with Node's own streams and events.

'use strict';

const { EventEmitter } = require('node:events');
const net = require('node:net');
const os = require('node:os');
const { Cgroup, settings } = require('./cgroup');
const { text } = require('./check');
const { AbortError, IsolateError } = require('./errors');
const { kWrap } = require('./handle');
const jobs = require('./jobs');
const { command, start } = require('./launch');
const { Namespace } = require('./namespace');
const wire = require('./wire');

const kJob = Symbol('job');

class Job extends EventEmitter {
  #id;
  #enforcement;
  #outcome = null;
  #failure = null;
  #waiters = [];
  #encoding;
  #abort = null;
  /** The job that this one runs in: held, because it would be killed, and this with it. */
  #outer = null;

  constructor(id, facts, { encoding, signal }) {
    super();
    this.#id = id;
    this.#encoding = encoding;
    this.pid = facts.pid;
    this.namespaces = Object.freeze(facts.namespaces);
    this.#enforcement = Object.freeze(wire.enforcement(facts.enforcement));
    this.stdin = this.#open(facts.stdin, { readable: false, writable: true });
    this.stdout = this.#open(facts.stdout, { readable: true, writable: false });
    this.stderr = this.#open(facts.stderr, { readable: true, writable: false });
    // Who listens for the end counts on it.
    this.on('newListener', (event) => {
      if (event === 'exit' && this.#running) jobs.hold(this);
    });
    if (signal !== undefined) this.#follow(signal);
  }

  get #running() {
    return this.#outcome === null && this.#failure === null;
  }

  get #streams() {
    return [this.stdin, this.stdout, this.stderr].filter((stream) => stream !== null);
  }

  #open(fd, direction) {
    if (fd === null) return null;
    const socket = new net.Socket({ fd, ...direction });
    // An open stream keeps its job from being collected, and so from being killed.
    socket[kJob] = this;
    if (direction.readable && this.#encoding !== undefined) socket.setEncoding(this.#encoding);
    return socket;
  }

  #follow(signal) {
    // Weak, because a signal may live as long as the program.
    const reference = new WeakRef(this);
    const listener = () => reference.deref()?.kill();
    this.#abort = { signal, listener };
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  }

  /** What is in force, by name. */
  get enforcement() {
    return this.#enforcement;
  }

  /** How the job ended, once that is known, else null. */
  get outcome() {
    return this.#outcome;
  }

  wait() {
    if (this.#outcome !== null) return Promise.resolve(this.#outcome);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    jobs.hold(this);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  kill() {
    if (this.#running) ifRunning(() => jobs.kill(this.#id));
  }

  signal(signal) {
    const number = typeof signal === 'string' ? os.constants.signals[signal] : signal;
    if (number === undefined) throw IsolateError.invalid('signal', `${JSON.stringify(signal)} is no signal's name`);
    return this.#running && ifRunning(() => jobs.signal(this.#id, number));
  }

  usage() {
    if (this.#outcome !== null) return this.#outcome.usage;
    return Object.freeze(wire.fromWire(jobs.usage(this.#id), 'Usage'));
  }

  namespace(kind) {
    return this.#living(() => Namespace[kWrap](jobs.namespace(this.#id, text(kind, 'kind'))));
  }

  cgroup() {
    return this.#living(() => Cgroup[kWrap](jobs.cgroup(this.#id)), IsolateError.endedGroup);
  }

  async update(limits = {}) {
    return settings(limits, async (text) => {
      const [changed, all] = JSON.parse(await this.#living(() => jobs.update(this.#id, text), IsolateError.endedGroup));
      this.#enforcement = Object.freeze(wire.enforcement(all));
      return Object.freeze(wire.enforcement(changed));
    });
  }

  async processes() {
    if (!this.#running) return [];
    return wire.fromWire(JSON.parse(await jobs.processes(this.#id)), 'Process');
  }

  async exec(argv, options) {
    const inner = await this.#living(() => start(Job, command(argv, options), this.#id));
    inner.#outer = this;
    return inner;
  }

  #living(call, ended = IsolateError.ended) {
    if (!this.#running) throw ended(this.pid);
    return call();
  }

  ref() {
    jobs.setKeeps(this.#id, true);
    for (const stream of this.#streams) stream.ref();
    return this;
  }

  unref() {
    jobs.setKeeps(this.#id, false);
    for (const stream of this.#streams) stream.unref();
    return this;
  }

  async close() {
    this.kill();
    try {
      await this.wait();
    } catch {
      // Aborted or lost: it is gone either way, and wait() tells.
    }
    for (const stream of this.#streams) stream.destroy();
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close();
  }

  static ended(job, text, stdout, stderr) {
    const outcome = wire.outcome(text, stdout, stderr);
    const encoding = job.#encoding;
    if (encoding !== undefined) {
      outcome.stdout = outcome.stdout?.toString(encoding) ?? null;
      outcome.stderr = outcome.stderr?.toString(encoding) ?? null;
    }
    Object.freeze(outcome.usage);
    Object.freeze(outcome.namespaces);
    const aborted = job.#abort?.signal.aborted && outcome.reason === 'killed';
    if (aborted) job.#settle(null, new AbortError(job.#abort.signal));
    else job.#settle(Object.freeze(outcome), null);
  }

  static lost(job, error) {
    job.#settle(null, error);
  }

  #settle(outcome, failure) {
    this.#outcome = outcome;
    this.#failure = failure;
    this.#outer = null;
    this.#abort?.signal.removeEventListener('abort', this.#abort.listener);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { resolve, reject } of waiters) {
      if (failure === null) resolve(outcome);
      else reject(failure);
    }
    if (failure === null) this.emit('exit', outcome);
    else if (this.listenerCount('error') > 0) this.emit('error', failure);
  }
}

/** `false` when the job has ended meanwhile. */
function ifRunning(call) {
  try {
    call();
    return true;
  } catch (error) {
    if (error.kind === 'not_found') return false;
    throw error;
  }
}

module.exports = { Job };
