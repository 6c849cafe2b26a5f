// Namespaces badly used: wrong arguments, handles and sets that nobody closes, workers that end early.

'use strict';

const assert = require('node:assert/strict');
const { spawn: spawnProcess } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const iso = require('..');
const { alive, children, fds, scratch, unmoved, unprivileged, until } = require('./helpers');

const { Namespace, createNamespaces, run } = iso;

unmoved('a worker that ends with calls under way leaves nothing', async () => {
  const program = `const { parentPort } = require('node:worker_threads');
    const iso = require(${JSON.stringify(path.join(__dirname, '..'))});
    for (let n = 0; n < 6; n++) {
      iso.createNamespaces(['user', 'pid', 'net']).catch(() => {});
      iso.listNamespaces();
      iso.Namespace.ofThread('uts').hostname();
    }
    parentPort.postMessage(0);`;
  for (let n = 0; n < 3; n++) {
    const worker = new Worker(program, { eval: true });
    await once(worker, 'message');
    await worker.terminate();
  }
  // What had begun goes on to its end, on threads that leave when nothing is left to do.
  const launching = () => fs.readdirSync('/proc/self/task').map((task) => {
    try {
      return fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8');
    } catch {
      return '';
    }
  }).filter((name) => name === 'isolate-launch\n').length;
  await until(() => launching() === 0, 'the calls end');
  await until(() => children().length === 0, 'the sets are given up');
});

unmoved('bad input: one clear error each', async (context) => {
  const dir = scratch(context);
  fs.symlinkSync('b', path.join(dir, 'a'));
  fs.symlinkSync('a', path.join(dir, 'b'));
  const plain = fs.openSync('/dev/null');
  const gone = spawnProcess('true');
  await once(gone, 'close');
  const uts = Namespace.ofThread('uts');
  const wrong = (code, text) => ({ kind: 'invalid_spec', code, stage: 'namespace', message: text });
  for (const [call, expected] of [
    [() => Namespace.ofFd(9999), wrong('EBADF', /descriptor 9999: Bad file descriptor/)],
    [() => Namespace.ofFd(-1), wrong('EBADF', /descriptor -1/)],
    [() => Namespace.ofFd(plain), wrong('EINVAL', /is not a namespace/)],
    [() => Namespace.ofFd('3'), wrong('EINVAL', /fd: '3' is no whole number/)],
    [() => Namespace.open('/dev/null'), wrong('EINVAL', /\/dev\/null: is not a namespace/)],
    [() => Namespace.open(path.join(dir, 'a')), wrong('ELOOP', /Too many levels of symbolic links/)],
    [() => Namespace.open('a\0b'), wrong('EINVAL', /NUL/)],
    [() => Namespace.open(7), wrong('EINVAL', /path: 7 is no path/)],
    [() => Namespace.open('/no/such'), { kind: 'not_found', code: 'ENOENT', stage: 'namespace' }],
    [() => Namespace.ofProcess(gone.pid, 'net'), { kind: 'not_found', code: 'ESRCH' }],
    [() => Namespace.ofProcess(0, 'net'), wrong('EINVAL', /is no process id/)],
    [() => Namespace.ofProcess(2 ** 32 + 1, 'net'), wrong('EINVAL', /pid: 4294967297 is no whole number/)],
    [() => Namespace.ofProcess(NaN, 'net'), wrong('EINVAL', /NaN/)],
    [() => Namespace.ofThread('mount'), wrong('EINVAL', /"mount": is no kind of namespace: expected cgroup/)],
    [() => Namespace.ofThread(), wrong('EINVAL', /kind: undefined is no text/)],
    [() => Namespace.ofChildren(process.pid, 'net'), wrong('EINVAL', /only pid and time can differ/)],
    [() => Namespace.ofPidfd(plain, 'net'), wrong('EINVAL', /is not a pidfd/)],
    [() => Namespace.ofFileHandle(Buffer.alloc(5)), wrong('EINVAL', /24 bytes/)],
    [() => Namespace.ofFileHandle('x'), wrong('EINVAL', /'x' is no bytes/)],
    [() => Namespace.named('../x'), wrong('EINVAL', /./)],
    [() => Namespace.named('no-such-name'), { kind: 'not_found' }],
    [() => iso.translatePid(1, { from: uts }), wrong('EINVAL', /is not a pid namespace/)],
    [() => iso.translatePid(1, { from: 'x' }), wrong('EINVAL', /from: 'x' is no Namespace/)],
  ]) {
    assert.throws(call, (error) => {
      assert.ok(error instanceof iso.IsolateError, String(error));
      for (const [field, value] of Object.entries(expected)) {
        if (value instanceof RegExp) assert.match(error[field], value);
        else assert.equal(error[field], value, error.message);
      }
      assert.ok(!error.message.includes('\n') && !error.message.endsWith('.'));
      return true;
    });
  }
  const user = Namespace.ofThread('user');
  for (const [call, expected] of [
    [() => Namespace.ofKernelId(-1), wrong('EINVAL', /kernel id: -1/)],
    [() => Namespace.ofKernelId(2 ** 52), (error) => error.code === 'ESTALE' || /needs Linux 6.18$/.test(error.message)],
    [() => uts.sysctl(7), wrong('EINVAL', /sysctl: 7 is no text/)],
    [() => uts.sysctl('kernel.panic'), wrong('EINVAL', /whole machine's/)],
    [() => uts.timeOffsets(), wrong('EINVAL', /is not a time namespace/)],
    [() => uts.socket(), wrong('EINVAL', /is not a net namespace/)],
    [() => uts.socket({ family: 'ipx' }), wrong('EINVAL', /family: 'ipx' is none of unix, inet/)],
    [() => uts.idMaps(), wrong('EINVAL', /user namespace/)],
    [() => uts.persistName('x'), wrong('EINVAL', /names are for network namespaces/)],
    [() => iso.unpersist(dir), wrong('EINVAL', /no namespace is mounted there/)],
    [() => iso.translateUid(-1, {}), wrong('EINVAL', /uid: -1/)],
    [() => iso.idMapsOf(gone.pid), { kind: 'not_found' }],
    [() => iso.timeOffsetsOf(gone.pid), { kind: 'not_found' }],
    [() => iso.cgroupPathsOf(gone.pid), { kind: 'not_found' }],
    [() => run(['true'], { namespaces: { net: uts } }), { kind: 'invalid_spec', message: /is a uts namespace, and a net namespace is asked for/ }],
    [() => run(['true'], { namespaces: { user } }), { kind: 'invalid_spec', message: /cannot be entered twice/ }],
    [() => run(['true'], { namespaces: { net: { fd: plain } } }), { kind: 'invalid_spec', message: /is not a namespace/ }],
  ]) {
    await assert.rejects(call, expected);
  }
  user.close();
  uts.close();
  fs.closeSync(plain);
});

unmoved('descriptors stay flat, and collected handles close', async () => {
  const open = fds().length;
  for (let n = 0; n < 10_000; n++) Namespace.ofThread('net').close();
  assert.equal(fds().length, open);
  for (let n = 0; n < 500; n++) Namespace.ofThread('net').owner();
  await until(() => {
    globalThis.gc();
    return fds().length <= open;
  }, 'the collected handles are closed');
});

unmoved('a collected set takes its holder along, but not while its pid namespace is held', async (context) => {
  if (await unprivileged(context)) return;
  let [holder, pid] = await (async () => {
    const set = await createNamespaces('pid');
    return [set.holderPid, set.get('pid')];
  })();
  for (let n = 0; n < 5; n++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(alive(holder) && !pid.closed);
  pid = null;
  await until(() => {
    globalThis.gc();
    return !alive(holder);
  }, 'the holder is killed');
});
