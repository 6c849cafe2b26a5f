// Runs lists of small calls on namespaces and cgroups, and gives what each came to.

import { createRequire } from 'node:module';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import * as iso from '../../node/index.mjs';
import { CALLS as CGROUP_CALLS } from './steps_cgroup.mjs';
import { camel, snake } from './wire.mjs';

const { Cgroup, Events, Namespace, NamespaceSet, Job, IsolateError } = iso;
const LIBRARY = createRequire(import.meta.url).resolve('../../node');

/** What a link points to, or a file holds. Goes to other threads as its text. */
function look(path) {
  const fs = require('node:fs');
  try {
    return fs.readlinkSync(path);
  } catch {
    return fs.readFileSync(path, 'utf8');
  }
}

/** What a worker sees once it has moved; its handles are its own, of the same descriptors. */
function worker({ library, method, fds, args, path }) {
  const iso = require(library);
  const handles = fds.map((fd) => iso.Namespace.ofFd(fd));
  try {
    iso[method](...(fds.length ? [handles] : args));
    return { seen: look(path) };
  } catch (error) {
    if (!(error instanceof iso.IsolateError)) throw error;
    return { error: { message: error.message, kind: error.kind, errno: error.errno, stage: error.stage } };
  } finally {
    for (const handle of handles) handle.close();
  }
}

async function onAThread(method, handles, args, path) {
  const source = `const { parentPort, workerData } = require('node:worker_threads');
    ${look} ${worker}
    parentPort.postMessage(worker(workerData));`;
  const workerData = { library: LIBRARY, method, fds: handles.map((one) => one.fd), args, path };
  const thread = new Worker(source, { eval: true, workerData, trackUnmanagedFds: false });
  const found = await new Promise((resolve, reject) => {
    let answer;
    thread.on('message', (message) => (answer = message));
    thread.on('error', reject);
    thread.on('exit', () => resolve(answer));
  });
  if (found.error) throw new IsolateError(found.error.message, found.error);
  return found.seen;
}

const ended = ({ reason, exitCode, stdout, stderr }) => ({
  reason, exit_code: exitCode, stdout: String(stdout ?? ''), stderr: String(stderr ?? ''),
});

/** One list: what its calls have made so far, by name. */
class Steps {
  made = new Map();

  /** A handle, set, job or number; `a.uts` is a member of a set, `$p` a number or text. */
  get(name) {
    const [owner, kind] = name.replace(/^\$/, '').split('.');
    const found = this.made.get(owner);
    if (found === undefined) throw new Error(`nothing is called ${name}`);
    return kind ? found.get(kind) : found;
  }

  value(given) {
    return typeof given === 'string' && given.startsWith('$') ? this.get(given) : given;
  }

  all(names) {
    return names.map((name) => this.get(name));
  }

  spec(step, key = 'spec') {
    const spec = camel(step[key] ?? {}, 'Spec');
    const joined = this.all(step.join ?? []).map((handle) => [handle.kind, handle]);
    if (joined.length === 0) return spec;
    return { ...spec, namespaces: { ...spec.namespaces, ...Object.fromEntries(joined) } };
  }

  async socket(step) {
    const fd = await this.get(step.of).socket({ family: step.family, type: step.type });
    const server = net.createServer();
    await new Promise((resolve, reject) => server.once('error', reject).listen({ fd }, resolve));
    return server;
  }

  between(step) {
    return [this.value(step.number), { from: this.get(step.from), to: this.get(step.to) }];
  }

  async exec(step) {
    const job = await this.get(step.of).exec(this.spec(step));
    try {
      return ended(await job.wait());
    } finally {
      await job.close();
    }
  }

  /** What one call came to. */
  async run(step) {
    let result;
    try {
      result = await CALLS[step.call](this, step);
    } catch (error) {
      if (!(error instanceof IsolateError)) throw error;
      const { kind, errno, stage, message } = error;
      return { error: { kind, errno, stage, message } };
    }
    const name = step.as ?? (typeof result?.close === 'function' ? `#${this.made.size}` : null);
    if (name !== null) this.made.set(name, result);
    return plain(result);
  }

  async close() {
    for (const thing of [...this.made.values()].reverse()) {
      // Takes away a group that was made.
      if (thing instanceof Cgroup) await thing[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]();
      else if (thing instanceof net.Server) await new Promise((resolve) => thing.close(resolve));
      else await thing?.close?.();
    }
  }
}

function plain(value) {
  if (value instanceof Namespace) return String(value);
  if (value instanceof Cgroup) return value.path;
  if (value instanceof NamespaceSet) return [...value].map(String);
  if (value === undefined || value instanceof Job || value instanceof Events || value instanceof net.Server) return null;
  return value;
}

/** A call that is a method or property of one thing. */
const of = (name, type) => async (run, step) => {
  const thing = run.get(step.of);
  const told = await (typeof thing[name] === 'function' ? thing[name]() : thing[name]);
  return type === undefined ? told : snake(told, type);
};

const byPid = (ask, type) => async (run, step) => snake(await ask(run.value(step.pid)), type);

const fact = (kind) => ({
  name: kind.name, flag: kind.flag, isolates: kind.isolates, since: kind.since,
  nested: kind.isNested, for_children: kind.isForChildren, supported: kind.supported,
});

const CALLS = {
  kinds: () => iso.namespaceKinds().map(fact),
  of_thread: (run, s) => Namespace.ofThread(s.kind),
  of_process: (run, s) => Namespace.ofProcess(run.value(s.pid), s.kind),
  of_children: (run, s) => Namespace.ofChildren(run.value(s.pid), s.kind),
  of_pidfd: (run, s) => Namespace.ofPidfd(s.fd, s.kind),
  open: (run, s) => Namespace.open(s.path),
  of_fd: (run, s) => Namespace.ofFd(run.value(s.fd)),
  of_file_handle: (run, s) => Namespace.ofFileHandle(Buffer.from(run.value(s.bytes), 'hex')),
  of_kernel_id: (run, s) => Namespace.ofKernelId(run.value(s.id)),
  named: (run, s) => Namespace.named(s.name),
  copy: of('clone'),
  parent: of('parent'),
  owner: of('owner'),
  next_mount_namespace: of('nextMountNamespace'),
  previous_mount_namespace: of('previousMountNamespace'),
  equal: (run, s) => run.get(s.of).equals(run.get(s.to)),
  kind: of('kind'),
  inode: of('inode'),
  fd: of('fd'),
  is_initial: of('isInitial'),
  kernel_id: of('kernelId'),
  file_handle: (run, s) => run.get(s.of).fileHandle().toString('hex'),
  owner_uid: of('ownerUid'),
  mount_info: of('mountInfo'),
  mount_namespace_id: of('mountNamespaceId'),
  create: (run, s) => iso.createNamespaces(s.kinds, run.spec(s, 'settings')),
  holder_pid: of('holderPid'),
  close: of('close'),
  hostname: of('hostname'),
  set_hostname: (run, s) => run.get(s.of).setHostname(s.to),
  domainname: of('domainname'),
  set_domainname: (run, s) => run.get(s.of).setDomainname(s.to),
  sysctl: (run, s) => run.get(s.of).sysctl(s.name),
  set_sysctl: (run, s) => run.get(s.of).setSysctl(s.name, s.to),
  time_offsets: of('timeOffsets', 'TimeOffsets'),
  time_offsets_of: byPid(iso.timeOffsetsOf, 'TimeOffsets'),
  set_time_offsets: (run, s) => iso.setTimeOffsets(run.value(s.pid), camel(s.offsets, 'TimeOffsets')),
  socket: (run, s) => run.socket(s),
  cgroup_paths: (run, s) => run.get(s.of).cgroupPaths(run.value(s.pid)),
  cgroup_paths_of: byPid(iso.cgroupPathsOf),
  id_maps: of('idMaps'),
  id_maps_of: byPid(iso.idMapsOf),
  write_id_maps: (run, s) => iso.writeIdMaps(run.value(s.pid), s.maps),
  subordinate_ids: () => iso.subordinateIds(),
  translate_pid: (run, s) => iso.translatePid(...run.between(s)),
  translate_uid: (run, s) => iso.translateUid(...run.between(s)),
  translate_gid: (run, s) => iso.translateGid(...run.between(s)),
  persist: (run, s) => run.get(s.of).persist(s.path),
  unpersist: (run, s) => iso.unpersist(s.path),
  persist_name: async (run, s) => void (await run.get(s.of).persistName(s.name)),
  unpersist_name: (run, s) => iso.unpersistName(s.name),
  persisted: () => iso.persistedNamespaces(),
  processes: of('processes'),
  list: async () => snake(await iso.listNamespaces(), 'NamespaceEntry'),
  tree: async () => snake(await iso.namespaceTree(), 'TreeNode'),
  doctor: () => iso.doctor(),
  enter: (run, s) => iso.runInside(run.all(s.of), look, s.read),
  enter_thread: (run, s) => onAThread('enterThread', run.all(s.of), [], s.read),
  enter_thread_pidfd: (run, s) => onAThread('enterThreadPidfd', [], [s.fd, s.kinds], s.read),
  unshare_thread: (run, s) => onAThread('unshareThread', [], [s.kinds], s.read),
  run: async (run, s) => ended(await iso.run(run.spec(s))),
  spawn: (run, s) => iso.spawn(run.spec(s)),
  exec: (run, s) => run.exec(s),
  namespace: (run, s) => run.get(s.of).namespace(s.kind),
  pid: of('pid'),
  kill: of('kill'),
  wait: async (run, s) => ended(await run.get(s.of).wait()),
  ...CGROUP_CALLS,
};

/** What every call of a list came to; nothing of it is left. */
export async function results(steps) {
  const run = new Steps();
  try {
    const found = [];
    for (const step of steps) found.push(await run.run(step));
    return found;
  } finally {
    await run.close();
  }
}
