// What the tests share: a count of everything that a job must not leave behind, and honest skips.

'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const iso = require('..');

const mustWork = Boolean(process.env.ISOLATE_MUST_WORK);

/** The open descriptors, but the one that the look itself needs. */
function fds() {
  const found = [];
  for (const name of fs.readdirSync('/proc/self/fd')) {
    try {
      found.push(`${name} ${fs.readlinkSync(`/proc/self/fd/${name}`)}`);
    } catch {
      // The directory's own descriptor is gone again.
    }
  }
  return found.sort();
}

/** The processes whose parent this one is, zombies too. */
function children() {
  const found = [];
  for (const task of fs.readdirSync('/proc/self/task')) {
    try {
      found.push(...fs.readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean));
    } catch {
      // A thread that has ended.
    }
  }
  return found.sort();
}

/** The directories of this process's jobs below its own cgroups; other tests run beside it. */
function cgroups() {
  const found = [];
  const own = new RegExp(`isolate-${process.pid}-`);
  const walk = (dir) => {
    let entries = [];
    try {
      entries = fs.readdirSync(dir, { withFileTypes: true });
    } catch {
      // A group of another process that is gone by now.
    }
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      if (own.test(entry.name)) found.push(path.join(dir, entry.name));
      walk(path.join(dir, entry.name));
    }
  };
  for (const { dir } of iso.host().cgroup.hierarchies) {
    if (typeof dir === 'string' && fs.existsSync(dir)) walk(dir);
  }
  return found.sort();
}

function state() {
  const status = fs.readFileSync('/proc/self/status', 'utf8').split('\n');
  const kept = /^(SigBlk|SigIgn|SigCgt|Umask|Cap|NoNewPrivs)/;
  return {
    fds: fds(),
    children: children(),
    cgroups: cgroups(),
    mounts: fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').sort(),
    status: status.filter((line) => kept.test(line)),
    cwd: process.cwd(),
  };
}

/** A test that compares what there is of descriptors, children, cgroups and mounts before and after. */
function tidy(name, body) {
  test(name, async (context) => {
    // The addon's own descriptors (the reactor's epoll) and Node's lazily opened ones come with the first job.
    await iso.run(['true'], { profile: 'none', stdin: 'null', stdout: 'null', input: undefined });
    const before = state();
    await body(context);
    assert.deepEqual(state(), before);
  });
}

/** Waits for something that must come about; the bound only ends a test that hangs. */
async function until(condition, what) {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function alive(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** For tests that need limits in force: says why they are not, or null. */
async function unlimited() {
  try {
    await iso.run(['true'], { limits: { memory: '64M', pids: 16 } });
    return null;
  } catch (error) {
    if (!['unsupported', 'permission'].includes(error.kind)) throw error;
    assert.ok(!mustWork, `must work here: ${error.message}`);
    return error.message;
  }
}

/** The number of the descriptor by which this process holds a running job. */
function pidfdOf(job) {
  const link = `net:[${job.namespaces.net}]`;
  const found = fds().filter((line) => line.includes('pidfd')).map((line) => Number(line.split(' ')[0]));
  return found.find((fd) => {
    const [, pid] = /^Pid:\t(-?\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
    try {
      return Number(pid) > 0 && fs.readlinkSync(`/proc/${pid}/ns/net`) === link;
    } catch {
      return false; // what holds a job's unit lets nobody look into it
    }
  });
}

/** The namespaces of every thread of this process, by its number. */
function threads() {
  const found = {};
  for (const task of fs.readdirSync('/proc/self/task')) {
    try {
      const dir = `/proc/self/task/${task}/ns`;
      const links = fs.readdirSync(dir).sort().map((kind) => fs.readlinkSync(`${dir}/${kind}`));
      if (links.length > 0) found[task] = links.join(' ');
    } catch {
      // A thread that ends while it is looked at.
    }
  }
  return found;
}

const home = Object.values(threads())[0];

/** A test that leaves nothing, as `tidy()`, and no thread in other namespaces than the process began in. */
function unmoved(name, body) {
  tidy(name, async (context) => {
    await body(context);
    for (const [thread, links] of Object.entries(threads())) assert.equal(links, home, `thread ${thread} was moved`);
  });
}

let lacking;

/** Skips what needs CAP_SYS_ADMIN over the host's namespaces; true where it has skipped. */
async function unprivileged(context) {
  if (lacking === undefined) {
    try {
      (await iso.createNamespaces('uts')).close();
      lacking = null;
    } catch (error) {
      if (!['unsupported', 'permission'].includes(error.kind)) throw error;
      assert.ok(!mustWork || process.getuid() !== 0, `must work here: ${error.message}`);
      lacking = error.message;
    }
  }
  if (lacking !== null) context.skip(lacking);
  return lacking !== null;
}

/** A directory that the test takes away. */
function scratch(context) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'isolate-ns-'));
  context.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

module.exports = { alive, cgroups, children, fds, pidfdOf, scratch, threads, tidy, unlimited, unmoved, unprivileged, until };
