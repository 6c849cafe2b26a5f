// What the tests of cgroups share: groups to try things on, and processes to put into them.

'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const iso = require('..');

const mustWork = Boolean(process.env.ISOLATE_MUST_WORK);
const MIB = 1 << 20;
let count = 0;

/** A name for a group of this process, which nobody else has. */
const name = () => `isolate-${process.pid}-test${count++}`;

const refused = (error) => ['unsupported', 'permission'].includes(error?.kind);

/** Says why a test cannot be, unless this machine is one where everything must work. */
function skip(context, reason) {
  assert.ok(!mustWork, `must work here: ${reason}`);
  context.skip(reason);
}

/** Calls with a group that is taken away afterwards; skips where this caller cannot have it. */
async function withGroup(context, controllers, body) {
  let group;
  try {
    group = await iso.Cgroup.create(name());
  } catch (error) {
    if (!refused(error)) throw error;
    skip(context, error.message);
    return;
  }
  try {
    const lacking = controllers.find((controller) => !group.controllers().includes(controller));
    if (lacking !== undefined) skip(context, `a group here has no ${lacking} controller`);
    else await body(group);
  } finally {
    await group[Symbol.asyncDispose]();
  }
}

/** A shell that does this once a line is written to it, so that it can be put somewhere first. */
async function withProcess(program, body) {
  const child = spawn('sh', ['-c', `read line; ${program}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    await body(child);
  } finally {
    child.kill('SIGKILL');
    child.stdin.destroy();
    // What the shell has started may hold the other end.
    child.stdout.destroy();
    await ended;
  }
}

const sleeper = (body) => withProcess('exec sleep 600', body);

/** Lets it go, and gives what it says, and how it ends. */
async function outcome(child) {
  const said = [];
  child.stdout.on('data', (data) => said.push(data));
  child.stdin.end('\n');
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout: Buffer.concat(said).toString() };
}

/** 64 MiB in a variable of the shell's own, so that no other program is needed. */
const HOG = 'x=$(head -c 67108864 /dev/zero | tr "\\0" x); echo full';

module.exports = { HOG, MIB, name, outcome, refused, skip, sleeper, withGroup, withProcess };
