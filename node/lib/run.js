// run() and spawn(): options in, promises out.

'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { AbortError } = require('./errors');
const { Job } = require('./job');
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

async function launch(spec, call) {
  if (call.signal?.aborted) throw new AbortError(call.signal);
  if (call.encoding !== undefined && !Buffer.isEncoding(call.encoding)) {
    throw new TypeError(`encoding: ${JSON.stringify(call.encoding)} is not known`);
  }
  return jobs.launch(wire.dump(spec), (id, facts) => new Job(id, facts, call), Job.ended, Job.lost);
}

/** Starts a job. */
async function spawn(argv, options) {
  const { call, spec } = split(argv, options);
  for (const name of ['input', 'captureOutput']) {
    if (call[name] !== undefined) throw new TypeError(`${name} is an option of run(), not of spawn()`);
  }
  return launch(spec, call);
}

/** Runs a job to its end. */
async function run(argv, options) {
  const { call, spec } = split(argv, options);
  const free = (name) => spec[name] === undefined || spec[name] === 'inherit';
  if (call.captureOutput) {
    for (const name of ['stdout', 'stderr']) {
      if (!free(name)) throw new TypeError(`${name} and captureOutput may not both be given`);
      spec[name] = 'capture';
    }
  }
  if (call.input !== undefined) {
    if (!free('stdin')) throw new TypeError('stdin and input may not both be given');
    spec.stdin = 'pipe';
  }
  const job = await launch(spec, call);
  try {
    if (job.stdin !== null) feed(job.stdin, call.input);
    const [outcome, stdout, stderr] = await Promise.all([job.wait(), collect(job.stdout), collect(job.stderr)]);
    if (stdout === null && stderr === null) return outcome;
    return Object.freeze({ ...outcome, stdout: stdout ?? outcome.stdout, stderr: stderr ?? outcome.stderr });
  } finally {
    await job.close();
  }
}

/** Writes the input and closes. A program that does not want all of it is no failure of ours. */
function feed(stdin, input) {
  stdin.on('error', () => {});
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) stdin.end(input);
  else pipeline(Readable.from(input), stdin).catch(() => {});
}

async function collect(stream) {
  if (stream === null) return null;
  const parts = [];
  for await (const part of stream) parts.push(part);
  return typeof parts[0] === 'string' || stream.readableEncoding ? parts.join('') : Buffer.concat(parts);
}

module.exports = { run, spawn };
