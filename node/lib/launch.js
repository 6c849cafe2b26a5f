// From what spawn() takes to a launch.

'use strict';

const { AbortError } = require('./errors');
const jobs = require('./jobs');
const wire = require('./wire');

/** What is said about a call itself, apart from the spec. */
function split(argv, options = {}) {
  const given = argv === undefined || Array.isArray(argv) || typeof argv !== 'object' ? { argv } : argv;
  const { signal, encoding, input, captureOutput, ...spec } = { ...given, ...options };
  for (const name of ['stdin', 'stdout', 'stderr']) {
    if (spec[name] !== undefined) spec[name] = wire.stream(spec[name]);
  }
  return { call: { signal, encoding, input, captureOutput }, spec };
}

/** The same without what is for run() alone. */
function command(argv, options) {
  const { call, spec } = split(argv, options);
  for (const name of ['input', 'captureOutput']) {
    if (call[name] !== undefined) throw new TypeError(`${name} is an option of run(), not of spawn()`);
  }
  return { call, spec };
}

/** Starts a job, inside the job with the number `outer` where there is one. */
async function start(Job, { call, spec }, outer) {
  if (call.signal?.aborted) throw new AbortError(call.signal);
  if (call.encoding !== undefined && !Buffer.isEncoding(call.encoding)) {
    throw new TypeError(`encoding: ${JSON.stringify(call.encoding)} is not known`);
  }
  const make = (id, facts) => new Job(id, facts, call);
  return wire.dumped(spec, (text) => jobs.launch(text, make, Job.ended, Job.lost, outer));
}

module.exports = { command, split, start };
