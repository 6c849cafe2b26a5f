// run() and spawn(): options in, promises out.

'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { Job } = require('./job');
const { command, split, start } = require('./launch');

/** Starts a job. */
async function spawn(argv, options) {
  return start(Job, command(argv, options));
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
  const job = await start(Job, { call, spec });
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
