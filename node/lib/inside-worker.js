// The thread of runInside(): it enters the namespaces, runs one function there, and ends.

'use strict';

const { createRequire } = require('node:module');
const net = require('node:net');
const vm = require('node:vm');
const { workerData } = require('node:worker_threads');
const { translated } = require('./errors');
const { forgetDirectory, startPool } = require('./inside');
const { native } = require('./native');
const { pack } = require('./parcel');
const library = require('..');

const { fds, mounts, source, args, directory, port } = workerData;
const fromHere = createRequire(`${directory}/inside`);

/** As the caller's own `require` in its working directory; this package is there in any case. */
const requireInside = Object.assign((name) => (name === 'libisolate' ? library : fromHere(name)), fromHere);

function compile() {
  const run = (text) => vm.runInThisContext(`(function (require) { return ${text}\n})`, 'inside')(requireInside);
  try {
    return run(`(${source})`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // A method's text is one only within an object.
    try {
      return Object.values(run(`({ ${source} })`))[0];
    } catch {
      throw error;
    }
  }
}

/** Of a socket or server the descriptor goes back; its own is closed with the thread. */
function result(value) {
  const open = value instanceof net.Socket || value instanceof net.Server ? (value._handle?.fd ?? -1) : -1;
  return open >= 0 ? native().dup(open) : value;
}

async function main() {
  try {
    startPool();
    translated(() => native().nsEnterOwnThread(fds));
    if (mounts) forgetDirectory();
    const fn = compile();
    port.postMessage({ value: result(await fn(...args)) });
  } catch (error) {
    port.postMessage({ failed: true, error: pack(error) });
  }
  process.exit(0);
}

main();
