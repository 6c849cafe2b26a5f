// The demo from Node: builds zlib and runs its tests inside the sandbox, then lets four programs misbehave.
//
//   node demo.mjs SOURCE JOBS WORK
//
// SOURCE is zlib's source, JOBS the directory of the scripts, WORK an existing directory to write in.
// Prints one JSON object a line for each job; report.py makes a table of them.

import { mkdtempSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { geteuid } from 'node:process';

import { spawn } from 'libisolate';

const KINDS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];

/** The parent of a process, and its ids from the caller's pid namespace inwards. */
function status(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => text.match(new RegExp(`^${name}:\\s*(.*)$`, 'm'))[1].split(/\s+/).map(Number);
  return { parent: field('PPid')[0], ids: field('NSpid') };
}

/** Of the running job's program and of its parent, the init: the pid outside and the pid inside. */
function pids(job) {
  try {
    const program = status(job.pid);
    return { program: program.ids, init: status(program.parent).ids };
  } catch (error) {
    if (error.code === 'ENOENT') return null; // it has ended already
    throw error;
  }
}

function ownNamespaces() {
  const id = (kind) => Number(readlinkSync(`/proc/self/ns/${kind}`).replace(/\D/g, ''));
  return Object.fromEntries(KINDS.map((kind) => [kind, id(kind)]));
}

/** What the build left in the one place that it may write to. */
function product(work) {
  const info = statSync(`${work}/libz.so.1.3.1`, { throwIfNoEntry: false });
  return info && { size: info.size, uid: info.uid, caller: geteuid() };
}

/** The outcome as the other programs write it: JSON's names, and seconds. */
function wire({ reason, exitCode, signal, evidence, usage, stdout, stderr, namespaces, enforcement }) {
  return {
    reason, exit_code: exitCode, signal, evidence, stdout, stderr, namespaces,
    enforcement: Object.values(enforcement),
    usage: {
      wall_time: usage.wallTimeMs / 1000,
      cpu_time: usage.cpuTimeMs / 1000,
      memory_peak: usage.memoryPeak,
      max_rss: usage.maxRss,
      oom_kills: usage.oomKills,
      pids_peak: usage.pidsPeak,
      pids_denied: usage.pidsDenied,
    },
  };
}

async function run({ source, jobs, work }, script, { timeoutMs = 60_000, bestEffort = ['memory', 'swap', 'pids'] } = {}) {
  const row = { face: 'Node', job: script };
  try {
    // The same for every job: no network, the host's system directories read-only, one place to write.
    const job = await spawn(['sh', `/jobs/${script}.sh`], {
      net: 'none',
      root: 'system',
      binds: [
        { source, dest: '/source' },
        { source: jobs, dest: '/jobs' },
        { source: work, dest: '/work', rw: true },
      ],
      cwd: '/work',
      limits: { memory: '512M', swap: 0, pids: 64, bestEffort },
      timeoutMs,
      stdin: 'null',
      stdout: 'capture',
      stderr: 'capture',
      encoding: 'utf8',
    });
    row.pids = pids(job);
    row.caller = ownNamespaces();
    row.outcome = wire(await job.wait());
    row.product = product(work);
  } catch (error) {
    if (error.kind === undefined) throw error;
    row.error = { kind: error.kind, message: error.message };
  }
  console.log(JSON.stringify(row));
}

const [source, jobs, parent] = process.argv.slice(2);
const paths = { source, jobs, work: mkdtempSync(`${parent}/node-`) };
await run(paths, 'build');
// Nobody lets a bomb go off without its limit: these start only where it holds. Not every kernel counts
// swap.
await run(paths, 'memory-bomb', { bestEffort: ['swap'] });
await run(paths, 'fork-bomb', { bestEffort: ['swap'] });
await run(paths, 'network');
await run(paths, 'endless-loop', { timeoutMs: 2000 });
