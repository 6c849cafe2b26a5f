// Namespace handles, sets and the calls at large: each by its effect, seen from inside.

'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn: spawnProcess } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const { test } = require('node:test');
const { inspect } = require('node:util');
const iso = require('..');
const { native } = require('../lib/native');
const { alive, fds, pidfdOf, scratch, unmoved, unprivileged, until } = require('./helpers');

const { Namespace, NamespaceSet, createNamespaces, run, spawn } = iso;
const KINDS = ['cgroup', 'ipc', 'net', 'mnt', 'pid', 'time', 'user', 'uts'];

/** Whether the kernel numbers namespaces, which it does from 6.18 on; without, the question is an error. */
function numbered() {
  const own = Namespace.ofThread('net');
  try {
    return own.kernelId > 0;
  } catch (error) {
    assert.equal(error.kind, 'unsupported');
    return false;
  } finally {
    own.close();
  }
}

test('the eight kinds', () => {
  const facts = iso.namespaceKinds();
  assert.deepEqual(facts.map((fact) => fact.name).sort(), [...KINDS].sort());
  const net = facts.find((fact) => fact.name === 'net');
  assert.deepEqual([net.flag, net.since, net.isNested, net.isForChildren, net.supported], [0x40000000, '2.6.24', false, false, true]);
  assert.ok(facts.every((fact) => fact.supported === fs.readdirSync('/proc/self/ns').includes(fact.name)));
  assert.deepEqual(facts.filter((fact) => fact.isNested).map((fact) => fact.name).sort(), ['pid', 'user']);
});

unmoved('a handle by every way that leads to it', async () => {
  const job = await spawn(['sleep', '100']);
  for (const kind of KINDS) {
    const link = fs.readlinkSync(`/proc/${job.pid}/ns/${kind}`);
    const ns = Namespace.ofProcess(job.pid, kind);
    assert.deepEqual([String(ns), ns.kind, ns.inode], [link, kind, job.namespaces[kind]]);
    assert.equal(ns.id.inode, ns.inode);
    assert.equal(fs.readlinkSync(`/proc/self/fd/${ns.fd}`), link);
    const others = [job.namespace(kind), Namespace.open(`/proc/${job.pid}/ns/${kind}`), Namespace.ofFd(ns.fd), Namespace.ofFd(ns), ns.clone()];
    if (numbered() && process.getuid() === 0) {
      others.push(await Namespace.ofKernelId(ns.kernelId), Namespace.ofFileHandle(ns.fileHandle()));
    }
    for (const other of others) {
      assert.ok(other.equals(ns) && ns.equals(other) && other.fd !== ns.fd, `${kind}: ${other}`);
      other.close();
    }
    const own = Namespace.ofThread(kind);
    assert.equal(String(own), fs.readlinkSync(`/proc/self/ns/${kind}`));
    assert.ok(!own.equals(ns) && !ns.equals(String(ns)));
    own.close();
    ns.close();
  }
  const children = Namespace.ofChildren(process.pid, 'pid');
  assert.equal(String(children), fs.readlinkSync('/proc/self/ns/pid_for_children'));
  children.close();
  await job.close();
});

unmoved('a pidfd stands for one process', async () => {
  const job = await spawn(['sleep', '100']);
  const pidfd = pidfdOf(job);
  const ns = Namespace.ofPidfd(pidfd, 'net');
  assert.equal(ns.inode, job.namespaces.net);
  ns.close();
  const kept = native().dup(pidfd);
  await job.close();
  assert.throws(() => Namespace.ofPidfd(kept, 'net'), { kind: 'not_found', code: 'ESRCH', message: /the process has ended/ });
  fs.closeSync(kept);
});

unmoved('a closed handle', () => {
  const ns = Namespace.ofThread('net');
  const { fd } = ns;
  assert.equal(inspect(ns), `Namespace(net:[${ns.inode}], fd ${fd})`);
  ns[Symbol.dispose]();
  ns.close();
  assert.deepEqual([ns.closed, ns.fd, ns.kind], [true, -1, 'net']);
  assert.equal(inspect(ns), `Namespace(net:[${ns.inode}], closed)`);
  assert.throws(() => ns.owner(), { kind: 'invalid_spec', code: 'EBADF', stage: 'namespace', message: /the handle is closed/ });
  assert.throws(() => fs.readlinkSync(`/proc/self/fd/${fd}`), { code: 'ENOENT' });
  assert.throws(() => new Namespace(), TypeError);
  assert.throws(() => new NamespaceSet(), TypeError);
});

unmoved('parents, owners, and where they end', async () => {
  const job = await spawn(['sleep', '100']);
  for (const kind of ['user', 'pid']) {
    const inner = job.namespace(kind);
    const outer = inner.parent();
    assert.equal(String(outer), fs.readlinkSync(`/proc/self/ns/${kind}`));
    if (outer.isInitial) assert.throws(() => outer.parent(), { kind: 'not_found', code: 'EPERM' });
    inner.close();
    outer.close();
  }
  const uts = job.namespace('uts');
  const owner = uts.owner();
  assert.equal(owner.inode, job.namespaces.user);
  assert.equal(uts.ownerUid(), process.getuid());
  assert.throws(() => uts.parent(), { kind: 'invalid_spec', message: /only user and pid namespaces are nested/ });
  assert.throws(() => uts.mountInfo(), { kind: 'invalid_spec', message: /is not a mount namespace/ });
  owner.close();
  uts.close();
  await job.close();
});

unmoved('mount namespaces tell their mounts and their neighbours', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces('mnt');
  const mnt = set.get('mnt');
  const { id, mounts } = mnt.mountInfo();
  assert.equal(id, mnt.mountNamespaceId());
  assert.equal(mounts, (await mnt.run(() => require('fs').readFileSync('/proc/thread-self/mountinfo', 'utf8'))).trim().split('\n').length);
  if (fs.readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]') {
    // Told to root in the initial pid namespace alone, by newer kernels.
    set.close();
    return context.skip('not in the initial pid namespace');
  }
  const previous = mnt.previousMountNamespace();
  const next = previous.nextMountNamespace();
  assert.ok(previous.mountNamespaceId() < id && next.mountNamespaceId() <= id);
  previous.close();
  next.close();
  let last = mnt.clone();
  assert.throws(() => {
    for (;;) {
      const after = last.nextMountNamespace();
      last.close();
      last = after;
    }
  }, { kind: 'not_found', code: 'ENOENT' });
  last.close();
  set.close();
});

unmoved('net: sockets and parameters of its own', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces(['net'], { sysctls: { 'net.ipv4.ip_forward': '1' } });
  const ns = set.get('net');
  assert.equal(await ns.sysctl('net.ipv4.ip_forward'), '1');
  await ns.setSysctl('net.ipv4.ip_forward', 0);
  assert.equal(await ns.sysctl('net.ipv4.ip_forward'), '0');
  await assert.rejects(ns.setSysctl('net.ipv4.ip_forward', 'x'), { kind: 'other', code: 'EINVAL' });
  // A server of this process, whose socket was born in there.
  const fd = await ns.run(async () => {
    const server = require('net').createServer().listen(0, '127.0.0.1');
    await require('events').once(server, 'listening');
    return server;
  });
  const server = net.createServer((socket) => socket.end('from inside')).listen({ fd });
  await once(server, 'listening');
  const { port } = server.address();
  const client = new net.Socket({ fd: await ns.socket({ family: 'inet', type: 'stream' }) }).connect(port, '127.0.0.1');
  client.setEncoding('utf8');
  assert.deepEqual(await once(client, 'data'), ['from inside']);
  const outside = net.connect(port, '127.0.0.1');
  await assert.rejects(once(outside, 'connect'), { code: 'ECONNREFUSED' });
  client.destroy();
  outside.destroy();
  server.close();
  await once(server, 'close');
  set.close();
});

unmoved('uts: names of its own', async (context) => {
  if (await unprivileged(context)) return;
  const host = os.hostname();
  const set = await createNamespaces(['uts'], { hostname: 'box', domainname: 'example' });
  const uts = set.get('uts');
  assert.deepEqual([await uts.hostname(), await uts.domainname()], ['box', 'example']);
  await uts.setHostname('other');
  await uts.setDomainname('elsewhere');
  assert.equal(await uts.run(() => require('os').hostname()), 'other');
  assert.equal(await uts.domainname(), 'elsewhere');
  assert.equal(await uts.sysctl('kernel.hostname'), 'other');
  await assert.rejects(uts.setHostname('x'.repeat(65)), { kind: 'invalid_spec', message: /at most 64 bytes/ });
  await assert.rejects(uts.sysctl('net.ipv4.ip_forward'), { kind: 'invalid_spec', message: /is a net namespace's/ });
  assert.equal(os.hostname(), host);
  set.close();
});

unmoved('ipc: parameters and queues of its own', async (context) => {
  if (await unprivileged(context)) return;
  const host = fs.readFileSync('/proc/sys/kernel/shmmni', 'utf8');
  const set = await createNamespaces('ipc');
  const ipc = set.get('ipc');
  await ipc.setSysctl('kernel.shmmni', '77');
  assert.equal(await ipc.run(() => require('fs').readFileSync('/proc/sys/kernel/shmmni', 'utf8')), '77\n');
  assert.equal(fs.readFileSync('/proc/sys/kernel/shmmni', 'utf8'), host);
  const queues = () => {
    require('child_process').execFileSync('ipcmk', ['-Q']);
    return require('fs').readFileSync('/proc/sysvipc/msg', 'utf8').trim().split('\n').length;
  };
  assert.equal(await ipc.run(queues), 2, 'a line of names, and the one queue');
  set.close();
});

unmoved('time: offsets of its own', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces('time', { timeOffsets: { monotonicMs: 5000, boottimeMs: 86_400_000 } });
  assert.deepEqual(await set.get('time').timeOffsets(), { monotonicMs: 5000, boottimeMs: 86_400_000 });
  const r = await run(['cat', '/proc/uptime'], { namespaces: { time: set.get('time') }, captureOutput: true, encoding: 'utf8' });
  assert.ok(parseFloat(r.stdout) > os.uptime() + 86_000);
  assert.deepEqual(await iso.timeOffsetsOf(process.pid), { monotonicMs: 0, boottimeMs: 0 });
  await assert.rejects(iso.setTimeOffsets(process.pid, { boottimeMs: 1000 }), { kind: 'busy', code: 'EACCES' });
  await assert.rejects(set.get('time').run(() => 0), { kind: 'unsupported', message: /only a process with one thread/ });
  set.close();
});

unmoved('user: maps of its own, and what ids mean in there', async (context) => {
  if (await unprivileged(context)) return;
  const map = [{ inside: 0, outside: 100_000, count: 10 }, { inside: 50, outside: 200_000, count: 1 }];
  const set = await createNamespaces(['user', 'uts'], { uidMap: map, gidMap: map });
  const user = set.get('user');
  const owner = set.get('uts').owner();
  assert.ok(owner.equals(user));
  owner.close();
  assert.deepEqual((await user.idMaps()).uid, map);
  assert.equal(await iso.translateUid(5, { from: user }), 100_005);
  assert.equal(await iso.translateUid(200_000, { to: user }), 50);
  assert.equal(await iso.translateGid(9, { from: user }), 100_009);
  await assert.rejects(iso.translateUid(10, { from: user }), { kind: 'not_found' });
  const r = await run(['cat', '/proc/self/uid_map'], { namespaces: { user }, captureOutput: true, encoding: 'utf8' });
  assert.match(r.stdout, /^ +0 +100000 +10\n +50 +200000 +1\n$/);
  const more = await createNamespaces('net', { namespaces: { user } });
  const above = more.get('net').owner();
  assert.ok(above.equals(user), 'a namespace can be made for an owner that is there');
  above.close();
  more.close();
  set.close();
});

unmoved('user: maps are written once', async (context) => {
  if (await unprivileged(context)) return;
  const child = spawnProcess('unshare', ['-U', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await until(() => fs.readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'cat\n', 'it has unshared');
  const maps = { uid: [{ inside: 0, outside: 1000, count: 2 }], gid: [{ inside: 0, outside: 0, count: 1 }], setgroups: true };
  await assert.rejects(iso.writeIdMaps(child.pid, { uid: [...maps.uid, ...maps.uid] }), { kind: 'invalid_spec', message: /overlaps/ });
  await assert.rejects(iso.writeIdMaps(child.pid, { uids: [] }), { kind: 'invalid_spec', message: /'uids' is unknown/ });
  await iso.writeIdMaps(child.pid, maps);
  assert.match(fs.readFileSync(`/proc/${child.pid}/uid_map`, 'utf8'), /^ +0 +1000 +2\n$/);
  assert.deepEqual(await iso.idMapsOf(child.pid), maps);
  await assert.rejects(iso.writeIdMaps(child.pid, maps), { kind: 'busy' });
  child.stdin.end();
  await once(child, 'close');
  const ids = await iso.subordinateIds();
  assert.ok(Array.isArray(ids.uid) && Array.isArray(ids.gid));
});

unmoved('cgroup: the root is where it was made', async (context) => {
  if (await unprivileged(context)) return;
  const job = await spawn(['sleep', '100']);
  const cgroup = job.namespace('cgroup');
  const file = fs.readFileSync(`/proc/${job.pid}/cgroup`, 'utf8').trim().split('\n');
  const seen = (rows) => rows.map((row) => `${row.hierarchy}:${row.controllers.join(',')}:${row.path}`);
  const outside = await iso.cgroupPathsOf(job.pid);
  assert.deepEqual(seen(outside), file);
  const inside = await cgroup.cgroupPaths(job.pid);
  const moved = outside.filter((row) => /isolate-/.test(row.path)).map((row) => row.hierarchy);
  assert.deepEqual(inside.filter((row) => moved.includes(row.hierarchy)).map((row) => row.path), moved.map(() => '/'));
  cgroup.close();
  await job.close();
});

unmoved('pid: a holder, numbers on both sides, and the end', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces(['pid', 'mnt']);
  const pid = set.get('pid');
  assert.ok(alive(set.holderPid));
  assert.deepEqual((await pid.processes()).map((p) => [p.pid, p.inside]), [[set.holderPid, 1]]);
  const job = await spawn(['sleep', '100'], { namespaces: set, profile: 'none' });
  const there = iso.translatePid(job.pid, { to: pid });
  assert.ok(there > 1);
  assert.equal(iso.translatePid(there, { from: pid }), job.pid);
  assert.throws(() => iso.translatePid(process.pid, { to: pid }), { kind: 'not_found', code: 'ESRCH' });
  const found = (await iso.processesIn(pid)).find((p) => p.pid === job.pid);
  assert.deepEqual(found, { pid: job.pid, inside: there, name: 'sleep' });
  await set[Symbol.asyncDispose]();
  assert.equal((await job.wait()).signal, 9, 'the namespace ends with its holder, and all in it');
  await job.close();
});

unmoved('a set', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces(['uts', 'net', 'ipc']);
  assert.deepEqual(set.kinds, ['ipc', 'net', 'uts']);
  assert.deepEqual([...set].map((ns) => ns.kind), set.kinds);
  assert.equal(set.get('net'), set.get('net'));
  assert.equal(set.get('pid'), null);
  assert.equal(set.holderPid, null);
  set[Symbol.dispose]();
  assert.ok([...set].every((ns) => ns.closed));
  for (const [kinds, settings, text] of [
    [[], {}, /no namespace is named/],
    ['net net', {}, /is no kind of namespace/],
    [['net', 'net'], {}, /is named twice/],
    [['net'], { hostname: 'x' }, /hostname/],
    [['net'], { argv: ['x'] }, /settings/],
    [['net'], { limits: { pids: 3 } }, /settings/],
    [['net'], { hostnaem: 'x' }, /unknown field `hostnaem`/],
    [7, {}, /7 is no list of kinds/],
  ]) {
    await assert.rejects(createNamespaces(kinds, settings), { kind: 'invalid_spec', message: text });
  }
});

unmoved('jobs enter namespaces: by handle, set, path and descriptor', async (context) => {
  if (await unprivileged(context)) return;
  const set = await createNamespaces(['net', 'uts'], { hostname: 'there' });
  const ns = set.get('net');
  const look = async (namespaces) => {
    const r = await run(['readlink', '/proc/self/ns/net'], { profile: 'none', namespaces, captureOutput: true, encoding: 'utf8' });
    return r.stdout.trim();
  };
  for (const net of [ns, { fd: ns.fd }, { path: `/proc/self/fd/${ns.fd}` }]) {
    assert.equal(await look({ net }), String(ns));
  }
  const r = await run(['hostname'], { namespaces: set, captureOutput: true, encoding: 'utf8' });
  assert.equal(r.stdout, 'there\n');
  // Closed as soon as it was named: the launch under way has its own.
  const hurried = run(['readlink', '/proc/self/ns/net'], { profile: 'none', namespaces: { net: ns }, captureOutput: true, encoding: 'utf8' });
  await Promise.resolve();
  set.close();
  assert.equal((await hurried).stdout.trim(), String(ns));
  await assert.rejects(run(['true'], { namespaces: { net: ns } }), { code: 'EBADF', message: /the handle is closed/ });
});

unmoved('whoever owns the user namespace sets what is in it', async (context) => {
  let set;
  try {
    set = await createNamespaces(['user', 'net', 'uts', 'ipc'], { hostname: 'mine' });
  } catch (error) {
    if (!['unsupported', 'permission'].includes(error.kind)) throw error;
    return context.skip(error.message);
  }
  const uts = set.get('uts');
  assert.equal(await uts.hostname(), 'mine');
  await uts.setHostname('yours');
  await set.get('net').setSysctl('net.ipv4.ip_forward', '1');
  await set.get('ipc').setSysctl('kernel.msgmni', '7');
  assert.deepEqual([await set.get('net').sysctl('net.ipv4.ip_forward'), await set.get('ipc').sysctl('kernel.msgmni')], ['1', '7']);
  const fd = await set.get('net').socket({ family: 'unix' });
  assert.match(fs.readlinkSync(`/proc/self/fd/${fd}`), /^socket:/);
  fs.closeSync(fd);
  assert.ok((await set.get('user').idMaps()).uid.length > 0);
  const script = 'hostname; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmni';
  const r = await run(['sh', '-c', script], { namespaces: set, profile: 'none', captureOutput: true, encoding: 'utf8' });
  assert.equal(r.stdout, 'yours\n1\n7\n');
  if (process.getuid() !== 0) await assert.rejects(uts.run(() => 0), { kind: 'permission', message: /a job can enter the user namespace/ });
  set.close();
});

unmoved('inside a running job', async () => {
  const job = await spawn(['sh', '-c', 'sleep 100; true'], { hostname: 'within' });
  const names = async () => (await job.processes()).map((p) => p.name);
  await until(async () => (await names()).includes('sleep'), 'the shell has its child');
  assert.deepEqual(await names(), ['sh', 'sleep']);
  const inner = await job.exec(['sh', '-c', 'hostname; readlink /proc/self/ns/pid; exit 3'], { stdout: 'pipe', encoding: 'utf8' });
  const parts = [];
  inner.stdout.on('data', (part) => parts.push(part));
  const all = require('events').once(inner.stdout, 'end');
  assert.equal((await inner.wait()).exitCode, 3);
  await all;
  assert.equal(parts.join(''), `within\npid:[${job.namespaces.pid}]\n`);
  await inner.close();
  await assert.rejects(job.exec(['true'], { hostname: 'x' }), { kind: 'invalid_spec', subject: 'hostname' });
  await job.close();
  const gone = { kind: 'not_found', code: 'ESRCH', message: /the job has ended/ };
  assert.throws(() => job.namespace('net'), gone);
  await assert.rejects(job.exec(['true']), gone);
  assert.deepEqual(await job.processes(), []);
});

unmoved('kept at a path and by name, in a mount namespace of the test alone', async (context) => {
  if (await unprivileged(context)) return;
  const dir = scratch(context);
  const mounts = await createNamespaces('mnt');
  const seen = await mounts.get('mnt').run(async (dir) => {
    const { Namespace, createNamespaces, persistedNamespaces, unpersist, unpersistName } = require('libisolate');
    const { execFileSync } = require('child_process');
    const fs = require('fs');
    // Names make a directory in /run, which is the machine's.
    execFileSync('mount', ['-t', 'tmpfs', 'run', '/run']);
    const set = await createNamespaces(['net', 'uts'], { hostname: 'kept' });
    const seen = {};
    const spot = `${dir}/uts`;
    await set.get('uts').persist(spot);
    seen.busy = await set.get('uts').persist(spot).catch((error) => error.kind);
    seen.list = (await persistedNamespaces()).map((kept) => [kept.path, kept.kind, kept.id.inode === set.get('uts').inode]);
    seen.path = await set.get('net').persistName('isolate-test');
    const named = Namespace.named('isolate-test');
    seen.named = named.equals(set.get('net'));
    named.close();
    seen.ip = execFileSync('ip', ['netns', 'exec', 'isolate-test', 'readlink', '/proc/self/ns/net'], { encoding: 'utf8' }).trim() === String(set.get('net'));
    set.close();
    const again = Namespace.open(spot);
    seen.hostname = await again.hostname();
    again.close();
    await unpersist(spot);
    await unpersistName('isolate-test');
    seen.twice = await unpersist(dir).catch((error) => [error.kind, error.message]);
    execFileSync('ip', ['netns', 'add', 'isolate-other']);
    const other = Namespace.named('isolate-other');
    seen.other = other.kind;
    other.close();
    await unpersistName('isolate-other');
    seen.left = [fs.existsSync(spot), fs.existsSync(seen.path), (await persistedNamespaces()).length];
    return seen;
  }, dir);
  const twice = seen.twice;
  delete seen.twice;
  assert.deepEqual(seen, {
    busy: 'busy',
    list: [[`${dir}/uts`, 'uts', true]],
    path: '/run/netns/isolate-test',
    named: true,
    ip: true,
    hostname: 'kept',
    other: 'net',
    left: [false, false, 0],
  });
  assert.equal(twice[0], 'invalid_spec');
  mounts.close();
});

unmoved('the list and the tree', async () => {
  const job = await spawn(['sleep', '100']);
  const list = await iso.listNamespaces();
  for (const kind of KINDS) {
    const entry = list.find((one) => one.id.inode === job.namespaces[kind] && one.kind === kind);
    assert.ok(entry, kind);
    assert.ok(entry.pins.some((pin) => pin.type === 'process' && pin.pid === job.pid), kind);
  }
  const lsns = execFileSync('lsns', ['-n', '-o', 'NS', '-p', String(job.pid)], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
  assert.deepEqual(lsns.filter((inode) => !list.some((one) => one.id.inode === inode)), []);
  const nodes = (tree) => tree.flatMap((node) => [node, ...nodes(node.children)]);
  const user = nodes(await iso.namespaceTree()).find((node) => node.entry.id.inode === job.namespaces.user);
  assert.ok(user.children.some((node) => node.entry.id.inode === job.namespaces.net));
  await job.close();
});
