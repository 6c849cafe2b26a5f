// This thread's jobs: one dispatcher for the events of all, and what keeps the event loop alive.

'use strict';

const { IsolateError, later, translated } = require('./errors');
const { native } = require('./native');

let jobs;
let lastId = 0;
let alive = 0;
/** Launches under way: id to { started(), failed(error) }. */
const launching = new Map();
/** Jobs that have started, held weakly: one that nobody else holds is killed. */
const started = new Map();
/** Jobs that must not be collected: somebody waits for their end. */
const held = new Set();

// The text of a finalizer names nothing but the id, or it would keep the job alive itself.
const collected = new FinalizationRegistry((id) => {
  const record = started.get(id);
  if (record === undefined) return;
  if (record.keeps) keepAlive(-1);
  started.delete(id);
  jobs.release(id);
});

function connect() {
  if (jobs !== undefined) return jobs;
  jobs = new (native().Jobs)(dispatch);
  // No event is delivered any more, and nothing of the jobs may stay behind.
  process.once('exit', () => jobs.close());
  return jobs;
}

function keepAlive(change) {
  const before = alive;
  alive += change;
  if ((before === 0) !== (alive === 0)) connect().keepAlive(alive !== 0);
}

function dispatch(event, id, text, stdout, stderr) {
  if (event === 'started' || event === 'failed') {
    const launch = launching.get(id);
    launching.delete(id);
    if (event === 'failed') {
      keepAlive(-1);
      launch.failed(IsolateError.fromJson(text));
      return;
    }
    launch.started(id, JSON.parse(translated(() => jobs.describe(id))));
    return;
  }
  const record = started.get(id);
  if (record === undefined) return;
  started.delete(id);
  jobs.release(id);
  if (record.keeps) keepAlive(-1);
  const job = record.reference.deref();
  if (job === undefined) return;
  collected.unregister(job);
  held.delete(job);
  if (event === 'ended') record.ended(job, text, stdout, stderr);
  else record.lost(job, IsolateError.fromJson(text));
}

/**
 * Starts a launch, inside the job `outer` where there is one; resolves with the job that
 * `make(id, facts)` returns.
 */
function launch(spec, make, ended, lost, outer) {
  connect();
  const id = (lastId = (lastId + 1) >>> 0);
  return new Promise((resolve, reject) => {
    launching.set(id, {
      failed: reject,
      started: (id, facts) => {
        const job = make(id, facts);
        started.set(id, { reference: new WeakRef(job), keeps: true, ended, lost });
        collected.register(job, id, job);
        resolve(job);
      },
    });
    keepAlive(1);
    try {
      if (outer === undefined) jobs.spawn(id, spec);
      else translated(() => jobs.exec(outer, id, spec));
    } catch (error) {
      launching.delete(id);
      keepAlive(-1);
      reject(error);
    }
  });
}

/** Whether the running job keeps the event loop alive. */
function setKeeps(id, keeps) {
  const record = started.get(id);
  if (record === undefined || record.keeps === keeps) return;
  record.keeps = keeps;
  keepAlive(keeps ? 1 : -1);
}

module.exports = {
  launch,
  setKeeps,
  hold: (job) => held.add(job),
  namespace: (id, kind) => translated(() => jobs.namespace(id, kind)),
  cgroup: (id) => translated(() => jobs.cgroup(id)),
  update: (id, settings) => later(() => jobs.update(id, settings)),
  processes: (id) => later(() => jobs.processes(id)),
  kill: (id) => translated(() => jobs.kill(id)),
  signal: (id, signal) => translated(() => jobs.signal(id, signal)),
  usage: (id) => JSON.parse(translated(() => jobs.usage(id))),
};
