// Code inside namespaces: on a thread of its own, and on workers that move themselves. No other thread ever
// moves, and what is inside and what is not is as documented.

'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const iso = require('..');
const { fds, pidfdOf, threads, tidy, unmoved, unprivileged } = require('./helpers');

const { createNamespaces, runInside, Namespace } = iso;
const root = path.join(__dirname, '..');
const own = (kind) => fs.readlinkSync(`/proc/self/ns/${kind}`);

/** A test in new namespaces of these kinds; `body` gets their set. */
function inside(kinds, name, body) {
  unmoved(name, async (context) => {
    if (await unprivileged(context)) return;
    // The pool's threads come with its first work.
    await fs.promises.access('/');
    const set = await createNamespaces(kinds, kinds.includes('uts') ? { hostname: 'inside' } : {});
    try {
      await body(set, context);
    } finally {
      set.close();
    }
  });
}

inside(['cgroup', 'ipc', 'mnt', 'net', 'uts'], 'a function runs in all namespaces of a set, one thread alone', async (set) => {
  const before = Object.keys(threads()).length;
  const seen = await runInside(set, () => {
    const fs = require('fs');
    const link = (task, kind) => fs.readlinkSync(`/proc/self/task/${task}/ns/${kind}`);
    const [, , tid] = fs.readlinkSync('/proc/thread-self').split('/');
    return {
      links: ['cgroup', 'ipc', 'net', 'mnt', 'uts'].map((kind) => link(tid, kind)),
      others: fs.readdirSync('/proc/self/task').filter((task) => task !== tid).map((task) => link(task, 'net')),
      hostname: require('os').hostname(),
      interfaces: fs.readFileSync('/proc/thread-self/net/dev', 'utf8').trim().split('\n').length - 2,
      directories: [process.cwd(), require('path').resolve('x'), fs.readlinkSync('/proc/thread-self/cwd')],
    };
  });
  assert.deepEqual(seen.links, [...set].map(String));
  assert.ok(seen.others.length >= before && seen.others.every((link) => link === own('net')));
  assert.deepEqual([seen.hostname, seen.interfaces], ['inside', 1]);
  assert.deepEqual(seen.directories, ['/', '/x', '/']);
  assert.equal(Object.keys(threads()).length, before, 'the thread is gone');
});

inside(['pid'], 'a pid namespace is entered for the children', async (set) => {
  const told = await set.get('pid').run(() => {
    const { execFileSync } = require('child_process');
    const link = execFileSync('readlink', ['/proc/thread-self/ns/pid_for_children'], { encoding: 'utf8' });
    return [execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }), link];
  });
  assert.ok(Number(told[0]) > 1 && Number(told[0]) < 100, told[0]);
});

inside(['uts'], 'what is inside, and what the pool does outside', async (set) => {
  const uts = set.get('uts');
  const links = await uts.run(async () => {
    const fs = require('fs');
    const { execFile, execFileSync } = require('child_process');
    const { promisify } = require('util');
    const file = '/proc/thread-self/ns/uts';
    return {
      sync: fs.readlinkSync(file),
      child: execFileSync('readlink', [file], { encoding: 'utf8' }).trim(),
      asyncChild: (await promisify(execFile)('readlink', [file])).stdout.trim(),
      promise: await fs.promises.readlink(file),
      callback: await promisify(fs.readlink)(file),
    };
  });
  const there = String(uts);
  const here = own('uts');
  assert.deepEqual(links, { sync: there, child: there, asyncChild: there, promise: here, callback: here });
});

inside(['net'], 'what the function makes of sockets and files is the whole process\'s', async (set, context) => {
  const ns = set.get('net');
  const fd = await ns.run((file) => require('fs').openSync(file), '/proc/thread-self/net/dev');
  assert.equal(fs.readFileSync(fd, 'utf8').trim().split('\n').length, 3, 'two lines of heads, and lo');
  fs.closeSync(fd);
  const served = await ns.run(async (path) => {
    const server = require('net').createServer().listen(0, '127.0.0.1');
    await require('events').once(server, 'listening');
    return server;
  });
  assert.match(fs.readlinkSync(`/proc/self/fd/${served}`), /^socket:/);
  const server = net.createServer((socket) => socket.end()).listen({ fd: served });
  await once(server, 'listening');
  const reach = (port) =>
    new Promise((resolve) => {
      const socket = require('net').connect(port, '127.0.0.1');
      socket.on('connect', () => resolve('connected'));
      socket.on('error', (error) => resolve(error.code));
    });
  const { port } = server.address();
  assert.equal(await ns.run(reach, port), 'connected');
  assert.equal(await reach(port), 'ECONNREFUSED');
  server.close();
  await once(server, 'close');
  const udp = await ns.socket({ family: 'inet6', type: 'dgram' });
  assert.match(fs.readlinkSync(`/proc/self/fd/${udp}`), /^socket:/);
  fs.closeSync(udp);
});

inside(['uts'], 'arguments and results are cloned, functions of every form run', async (set) => {
  const uts = set.get('uts');
  const value = { list: [1, 2n], map: new Map([['a', new Date(5)]]), bytes: new Uint8Array([1, 2]) };
  assert.deepEqual(await uts.run((given) => given, value), value);
  assert.equal(await uts.run(function (a, b) { return a + b; }, 2, 3), 5);
  assert.equal(await uts.run(async (...all) => all.length, 1, 2, 3), 3);
  assert.equal(await uts.run({ method(a) { return a * 2; } }.method, 4), 8);
  assert.equal(await uts.run({ async method(a) { return a * 3; } }.method, 4), 12);
  assert.equal(await uts.run(() => {}), undefined);
  assert.equal(await uts.run(() => require('libisolate').version), iso.version);
  const beside = `./${path.relative(process.cwd(), path.join(__dirname, '../package.json'))}`;
  assert.equal(await uts.run((file) => require(file).name, beside), 'libisolate', 'as from the working directory');
  assert.equal(await runInside([uts], () => typeof require.resolve), 'function');
});

inside(['uts'], 'errors come back as errors, and the thread is gone after each', async (set) => {
  const uts = set.get('uts');
  const before = Object.keys(threads()).length;
  const { hostname } = os;
  const rows = [
    [() => { throw Object.assign(new RangeError('far'), { code: 'EFAR', list: [1] }); }, { name: 'RangeError', message: 'far', code: 'EFAR', list: [1] }],
    [async () => { throw new (class Odd extends Error { name = 'Odd'; })('x'); }, { name: 'Odd', message: 'x' }],
    [() => { throw new Error('outer', { cause: new TypeError('inner') }); }, (error) => error.cause instanceof TypeError && error.cause.message === 'inner'],
    [() => { throw { plain: 1 }; }, { plain: 1 }],
    [() => require('fs').readFileSync('/no/such'), { code: 'ENOENT', syscall: 'open', path: '/no/such' }],
    [() => require('libisolate').Namespace.ofThread('x'), (error) => error instanceof iso.IsolateError && error.kind === 'invalid_spec'],
    [() => hostname(), { name: 'ReferenceError', message: /hostname is not defined/ }],
    [() => () => {}, { name: 'DataCloneError' }],
    [() => import('node:os'), { code: 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING' }],
    [() => process.exit(7), { message: /ended with exit code 7 before it returned/ }],
    [() => new Promise(() => {}), { message: /ended with exit code \d+ before it returned/ }],
    [() => new Promise(() => setTimeout(() => { throw new Error('later'); }, 1)), { message: 'later' }],
    [os.hostname.bind(null), { name: 'TypeError', message: /no source text/ }],
    ['() => 1', { name: 'TypeError', message: /is a function/ }],
  ];
  for (const [fn, expected] of rows) {
    await assert.rejects(uts.run(fn), expected, String(fn));
    // Another one may have ended meanwhile, of those that were there before.
    assert.ok(Object.keys(threads()).length <= before, String(fn));
  }
  await assert.rejects(uts.run(() => 0, () => {}), { name: 'DataCloneError' });
  await assert.rejects(uts.run(() => 0, uts), { name: 'TypeError', message: /pass its fd/ });
  assert.equal(await uts.run((fd) => String(require('libisolate').Namespace.ofFd(fd)), uts.fd), String(uts));
  for (const [namespaces, expected] of [
    [[], { kind: 'invalid_spec', message: /no namespace is named/ }],
    [[uts, uts], { kind: 'invalid_spec', message: /is named twice/ }],
    [[uts, 3], { kind: 'invalid_spec', message: /3 is no Namespace/ }],
    [7, { kind: 'invalid_spec', message: /no list of Namespaces/ }],
    [[Namespace.ofThread('user')], { kind: 'unsupported', message: /only a process with one thread/ }],
  ]) {
    await assert.rejects(runInside(namespaces, () => 0), expected);
    for (const one of [...(Array.isArray(namespaces) ? namespaces : [])]) if (one !== uts) one.close?.();
  }
  const closed = uts.clone();
  closed.close();
  await assert.rejects(closed.run(() => 0), { code: 'EBADF' });
});

inside(['uts'], 'closing the handles does not disturb what is under way', async (set) => {
  const uts = set.get('uts');
  const running = uts.run(() => require('os').hostname());
  await Promise.resolve();
  uts.close();
  // Numbers that are free now go to others.
  const others = Array.from({ length: 5 }, () => Namespace.ofThread('uts'));
  assert.equal(await running, 'inside');
  for (const other of others) other.close();
});

inside(['uts'], 'jobs and calls of this package begin inside', async (set) => {
  const seen = await set.get('uts').run(async () => {
    const { run, Namespace, createNamespaces } = require('libisolate');
    const r = await run(['hostname'], { profile: 'none', captureOutput: true, encoding: 'utf8' });
    const more = await createNamespaces('net');
    const tasks = [Namespace.ofThread('uts').hostname(), more.get('net').sysctl('net.ipv4.ip_forward')];
    const [name, parameter] = await Promise.all(tasks);
    more.close();
    return [r.stdout, name, parameter];
  });
  assert.deepEqual(seen, ['inside\n', 'inside', '0']);
  // And jobs of the main thread do not.
  const r = await iso.run(['hostname'], { profile: 'none', captureOutput: true, encoding: 'utf8' });
  assert.equal(r.stdout.trim(), os.hostname());
});

inside(['net', 'uts'], 'many at once', async (set) => {
  const open = fds().length;
  const link = () => require('fs').readlinkSync('/proc/thread-self/ns/net');
  const links = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? set.get('net').run(link) : set.get('uts').run(link))));
  assert.deepEqual(links, links.map((_, n) => (n % 2 ? String(set.get('net')) : own('net'))));
  assert.equal(fds().length, open);
});

/** Runs a program in a process of its own, in which nothing has been started yet. */
async function fresh(body) {
  const program = `const iso = require(${JSON.stringify(root)});
    const fs = require('fs');
    const { Worker } = require('worker_threads');
    const links = () => fs.readdirSync('/proc/self/task').map((task) => fs.readlinkSync('/proc/self/task/' + task + '/ns/uts'));
    const home = fs.readlinkSync('/proc/self/ns/uts');
    (async () => { ${body} })().catch((error) => { console.log(error.stack); process.exitCode = 1; });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', program], { cwd: root, timeout: 60_000 });
  return stdout;
}

tidy('threads that serve the whole process are never born inside', async (context) => {
  if (await unprivileged(context)) return;
  // The first use ever of libuv's pool, of the launching threads and of the reactor.
  const use = `async () => {
    const fs = require('fs');
    await fs.promises.readlink('/proc/self');
    await require('libisolate').run(['true'], { profile: 'none' });
    return fs.readdirSync('/proc/self/task').length;
  }`;
  const body = `
    const uts = iso.Namespace.open('/proc/' + process.argv[1] + '/ns/uts');`;
  const job = await iso.spawn(['sleep', '100']);
  const here = body.replace('process.argv[1]', String(job.pid));
  const run = await fresh(`${here}
    const during = await uts.run(${use});
    console.log(during > 5, links().every((link) => link === home), await fs.promises.readlink('/proc/thread-self/ns/uts') === home);`);
  assert.equal(run, 'true true true\n');
  const worker = await fresh(`${here}
    const program = \`
      const iso = require(${JSON.stringify(root)});
      const { parentPort, workerData } = require('worker_threads');
      iso.enterThread([iso.Namespace.ofFd(workerData)]);
      const libisolate = require(${JSON.stringify(root)});
      (\${${JSON.stringify(use)}.replace("require('libisolate')", 'libisolate')})().then((n) => parentPort.postMessage(require('fs').readlinkSync('/proc/thread-self/ns/uts')));
    \`;
    const worker = new Worker(program, { eval: true, workerData: uts.fd });
    worker.on('message', (link) => console.log(link === String(uts)));
    worker.on('exit', () => console.log(links().every((link) => link === home)));`);
  assert.equal(worker, 'true\ntrue\n');
  await job.close();
});

tidy('a program ends by itself after code inside, and its console is heard', async (context) => {
  if (await unprivileged(context)) return;
  const said = await fresh(`
    const set = await iso.createNamespaces('uts');
    await set.get('uts').run(() => { console.log('one'); process.stdout.write('two'); console.error('three'); });`);
  assert.equal(said, 'one\ntwo');
});

async function worker(body, workerData) {
  const program = `const { parentPort, workerData } = require('node:worker_threads');
    const fs = require('node:fs');
    const iso = require(${JSON.stringify(root)});
    const link = (kind) => fs.readlinkSync('/proc/thread-self/ns/' + kind);
    (async () => { ${body} })().then((value) => parentPort.postMessage(value));`;
  const thread = new Worker(program, { eval: true, workerData });
  const ended = once(thread, 'exit');
  const [seen] = await once(thread, 'message');
  await ended;
  return seen;
}

inside(['net', 'uts', 'mnt'], 'a worker moves itself, the main thread never', async (set) => {
  const data = { net: set.get('net').fd, uts: set.get('uts').fd, mnt: set.get('mnt').fd };
  const seen = await worker(`
    const [net, uts, mnt] = ['net', 'uts', 'mnt'].map((kind) => iso.Namespace.ofFd(workerData[kind]));
    const seen = [];
    // All or nothing: the last is refused, so the thread is where it was.
    const before = link('net');
    try { iso.enterThread([net, mnt]); } catch (error) { seen.push(error.kind, error.message); }
    seen.push(link('net') === before);
    iso.enterThread([net, uts]);
    seen.push(link('net'), link('uts'), await uts.hostname());
    iso.unshareThread('mnt');
    iso.enterThread(mnt);
    seen.push(link('mnt'), process.cwd());
    try { iso.unshareThread(['user']); } catch (error) { seen.push(error.kind); }
    for (const ns of [net, uts, mnt]) ns.close();
    return seen;`, data);
  const [kind, message, same, ...rest] = seen;
  assert.deepEqual([kind, same], ['unsupported', true]);
  assert.match(message, /shares its working directory/);
  assert.deepEqual(rest, [String(set.get('net')), String(set.get('uts')), 'inside', String(set.get('mnt')), '/', 'unsupported']);
  const refused = { kind: 'unsupported', code: 'EOPNOTSUPP', stage: 'namespace', message: /would move the main thread/ };
  assert.throws(() => iso.enterThread(set), refused);
  assert.throws(() => iso.enterThreadPidfd(0, 'net'), refused);
  assert.throws(() => iso.unshareThread('uts'), refused);
});

unmoved('a worker enters several namespaces of a process in one step', async (context) => {
  if (await unprivileged(context)) return;
  const job = await iso.spawn(['sleep', '100'], { namespaces: { user: 'host' } });
  const seen = await worker(`
    iso.enterThreadPidfd(workerData, ['net', 'uts', 'ipc']);
    const seen = [link('net'), link('uts'), link('ipc'), link('cgroup')];
    try { iso.enterThreadPidfd(0, 'net'); } catch (error) { seen.push(error.kind); }
    return seen;`, pidfdOf(job));
  const { net, uts, ipc } = job.namespaces;
  assert.deepEqual(seen, [`net:[${net}]`, `uts:[${uts}]`, `ipc:[${ipc}]`, own('cgroup'), 'invalid_spec']);
  await job.close();
});

unmoved('a worker sets its children\'s clocks', async (context) => {
  if (await unprivileged(context)) return;
  const seen = await worker(`
    iso.unshareThread(['time']);
    const tid = Number(fs.readlinkSync('/proc/thread-self').split('/').at(-1));
    await iso.setTimeOffsets(tid, { boottimeMs: 86_400_000 });
    const offsets = await iso.timeOffsetsOf(tid);
    const uptime = require('child_process').execFileSync('cat', ['/proc/uptime'], { encoding: 'utf8' });
    const late = await iso.setTimeOffsets(tid, { boottimeMs: 0 }).catch((error) => error.kind);
    return [offsets, parseFloat(uptime), late];`);
  assert.deepEqual(seen[0], { monotonicMs: 0, boottimeMs: 86_400_000 });
  assert.ok(seen[1] > os.uptime() + 86_000);
  assert.equal(seen[2], 'busy');
});

inside(['net', 'uts', 'ipc'], 'workers come and go while others never move', async (set) => {
  const data = [...set].map((ns) => ns.fd);
  const moving = `
    const own = ['ipc', 'net', 'uts'].map((kind) => iso.Namespace.ofThread(kind));
    const there = workerData.map((fd) => iso.Namespace.ofFd(fd));
    let wrong = 0;
    for (let n = 0; n < 50; n++) {
      iso.enterThread(there);
      const made = await iso.createNamespaces(['ipc', 'uts']);
      iso.enterThread(made);
      if (link('uts') !== String(made.get('uts')) || link('net') !== String(there[1])) wrong++;
      made.close();
      iso.enterThread(own);
      if (link('uts') !== String(own[2])) wrong++;
    }
    for (const ns of [...own, ...there]) ns.close();
    return wrong;`;
  const staying = `
    const before = ['ipc', 'net', 'uts'].map(link).join();
    let wrong = 0;
    for (let n = 0; n < 500; n++) {
      if (['ipc', 'net', 'uts'].map(link).join() !== before) wrong++;
      await new Promise(setImmediate);
    }
    return wrong;`;
  const workers = Array.from({ length: 8 }, (_, n) => worker(n % 2 ? staying : moving, data));
  assert.deepEqual(await Promise.all(workers), Array(8).fill(0));
});

test('the example of the README runs inside', async (context) => {
  if (await unprivileged(context)) return;
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const snippets = [...readme.matchAll(/```js\n(.*?)```/gs)].map((match) => match[1]);
  const program = snippets.find((text) => text.includes('createNamespaces')).replace("from 'libisolate'", "from './index.mjs'");
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: root, timeout: 60_000 });
  assert.match(stdout, /^inside: lo\nanswered\n$/);
});
