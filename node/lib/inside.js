// Code inside namespaces: on a thread of its own, or on that of a worker which moves itself.

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { MessageChannel, Worker, isMainThread, receiveMessageOnPort } = require('node:worker_threads');
const check = require('./check');
const { IsolateError, translated } = require('./errors');
const { kHandle } = require('./handle');
const { Namespace } = require('./namespace');
const { NamespaceSet } = require('./namespace-set');
const { native } = require('./native');
const { unpack } = require('./parcel');

const WORKER = path.join(__dirname, 'inside-worker.js');

/** The Namespaces of a list or set. */
function members(namespaces) {
  const list = namespaces instanceof Namespace ? [namespaces] : namespaces;
  if (!Array.isArray(list) && !(list instanceof NamespaceSet)) {
    throw check.wrong('namespaces', namespaces, 'no list of Namespaces');
  }
  const all = [...list];
  for (const one of all) {
    if (!(one instanceof Namespace)) throw check.wrong('namespaces', one, 'no Namespace');
  }
  return all;
}

/** The text of a function. It is all that goes to the other thread. */
function sourceOf(fn) {
  if (typeof fn !== 'function') throw new TypeError('what runs inside is a function');
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new TypeError('a bound or built-in function has no source text that could run inside');
  }
  return source;
}

/** Runs a function on a thread of its own in the namespaces. */
async function runInside(namespaces, fn, ...args) {
  const source = sourceOf(fn);
  for (const arg of args) {
    if (arg instanceof Namespace) throw new TypeError('a Namespace goes inside by its descriptor: pass its fd');
  }
  const copies = [];
  try {
    for (const one of members(namespaces)) copies.push(translated(() => one[kHandle].copy()));
    const mounts = copies.some((copy) => copy.kind === 'mnt');
    return await work({ fds: copies.map((copy) => copy.fd), mounts, source, args, directory: process.cwd() });
  } finally {
    for (const copy of copies) copy.close();
  }
}

function work(task) {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    // Descriptors that the function opens are the caller's; and no flag of this process's own start is
    // for the worker.
    const options = { workerData: { ...task, port: port2 }, transferList: [port2], execArgv: [], trackUnmanagedFds: false };
    const worker = new Worker(WORKER, options);
    let broken = null;
    worker.on('error', (error) => (broken = { error }));
    // The thread has been joined by then.
    worker.on('exit', (code) => {
      const answer = receiveMessageOnPort(port1)?.message;
      port1.close();
      if (broken !== null) reject(broken.error);
      else if (answer === undefined) reject(new Error(`the function's thread ended with exit code ${code} before it returned`));
      else if (answer.failed) reject(unpack(answer.error));
      else resolve(answer.value);
    });
  });
}

/**
 * Makes sure that libuv's pool runs: its threads are born of whichever thread first has work for them, in
 * the namespaces of that thread, and serve all.
 */
function startPool() {
  fs.access('/', () => {});
}

/**
 * After a step into a mount namespace, in which the thread is at the root: a worker cannot change its
 * directory, and so remembers the one it had.
 */
function forgetDirectory() {
  process.cwd = () => '/';
}

function ownThread(what) {
  if (!isMainThread) return;
  const detail = `${what} would move the main thread, whose event loop the whole program shares: use run(), or a Worker`;
  const fields = { kind: 'unsupported', code: 'EOPNOTSUPP', errno: 95, stage: 'namespace', subject: 'thread' };
  throw new IsolateError(`namespace: thread: ${detail}`, fields);
}

function enterThread(namespaces) {
  ownThread('enterThread()');
  const entered = members(namespaces);
  startPool();
  translated(() => native().nsEnterThread(entered.map((one) => one[kHandle])));
  if (entered.some((one) => one.kind === 'mnt')) forgetDirectory();
}

function enterThreadPidfd(pidfd, kinds) {
  ownThread('enterThreadPidfd()');
  const [fd, list] = [check.descriptor(pidfd, 'pidfd'), check.kinds(kinds)];
  startPool();
  translated(() => native().nsEnterThreadPidfd(fd, list));
  if (list.includes('mnt')) forgetDirectory();
}

function unshareThread(kinds) {
  ownThread('unshareThread()');
  const list = check.kinds(kinds);
  startPool();
  translated(() => native().nsUnshareThread(list));
}

module.exports = { enterThread, enterThreadPidfd, forgetDirectory, runInside, startPool, unshareThread };
