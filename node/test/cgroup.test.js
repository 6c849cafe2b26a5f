// Cgroups as handles: made, found, filled, frozen, killed, limited and measured, seen from inside.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const iso = require('..');
const { fds, tidy, unlimited, until } = require('./helpers');
const { HOG, MIB, name, outcome, refused, skip, sleeper, withGroup, withProcess } = require('./groups');

const { Cgroup, convert } = iso;
const dirs = (group) => group.places().map((place) => String(place.path));
const there = (group) => dirs(group).every((dir) => fs.existsSync(dir));

tidy('made, found and taken away', async (context) => {
  let made;
  await withGroup(context, [], async (group) => {
    made = dirs(group);
    assert.ok(made.length > 0 && there(group));
    assert.deepEqual([...new Set(group.places().flatMap((place) => place.controllers))].sort(), group.controllers());
    assert.ok(group.places().every((place) => ['v1', 'v2'].includes(place.version) && Object.isFrozen(place)));
    assert.deepEqual([group.children(), await group.processes(), await group.isPopulated()], [[], [], false]);
    const again = Cgroup.open(group.path);
    assert.deepEqual(dirs(again), made);
    await again[Symbol.asyncDispose]();
    assert.ok(again.closed && there(group), 'whoever opened it only lets go of it');
    const inner = await group.createChild('inner');
    assert.deepEqual([group.children(), inner.path], [['inner'], `${group.path}/inner`]);
    const found = group.child('inner');
    assert.deepEqual(dirs(found), dirs(inner));
    assert.deepEqual(dirs(found).map((dir) => path.dirname(dir)), made);
    found.close();
    await inner[Symbol.asyncDispose]();
    assert.deepEqual(group.children(), []);
    assert.equal(inspect(group), `Cgroup(${group.path})`);
    await assert.rejects(Cgroup.create(group.path), { kind: 'busy', stage: 'cgroup' });
  });
  assert.ok(!made?.some((dir) => fs.existsSync(dir)));
});

tidy('a parent and controllers', async (context) => {
  await withGroup(context, ['pids'], async (above) => {
    const below = await Cgroup.create('below', { parent: above.path, controllers: ['pids'] });
    assert.deepEqual(above.children(), ['below']);
    assert.ok(below.controllers().includes('pids') && !below.controllers().includes('memory'));
    await below.remove();
    below.close();
  });
  await assert.rejects(Cgroup.create(name(), { parent: 'isolate-no-such' }), (e) => e.kind === 'not_found' || refused(e));
  await assert.rejects(Cgroup.create(name(), { controllers: 'nonsense' }), { kind: 'unsupported', message: /controller nonsense/ });
});

tidy('own, that of a process, and who is in them', async (context) => {
  const own = Cgroup.own();
  assert.equal(own.path, '.');
  assert.ok((await own.processes()).includes(process.pid));
  await assert.rejects(own.freeze(), { kind: 'invalid_spec', message: /would stop for ever/ });
  await own[Symbol.asyncDispose]();
  await withGroup(context, [], async (group) => {
    await sleeper(async (one) => {
      await sleeper(async (other) => {
        await group.attach([one.pid, other.pid]);
        const both = [one.pid, other.pid].sort((a, b) => a - b);
        assert.deepEqual(await group.processes(), both);
        assert.ok(fs.readFileSync(`/proc/${one.pid}/cgroup`, 'utf8').includes(`/${group.path}\n`));
        const found = Cgroup.ofProcess(one.pid);
        assert.ok(dirs(group).every((dir) => dirs(found).includes(dir)));
        found.close();
        // With controllers of its own it could hold nobody beside a group that does (v2).
        const inner = await group.createChild('inner', { controllers: [] });
        await inner.attach(other.pid);
        assert.deepEqual([await group.processes(), await group.processes({ recursive: true })], [[one.pid], both]);
        const ended = once(other, 'exit');
        await inner[Symbol.asyncDispose]();
        assert.deepEqual(await ended, [null, 'SIGKILL']);
        assert.equal(one.exitCode ?? one.signalCode, null);
      });
    });
  });
});

tidy('all are moved or none', async (context) => {
  await withGroup(context, [], async (group) => {
    await sleeper(async (child) => {
      const before = fs.readFileSync(`/proc/${child.pid}/cgroup`, 'utf8');
      await assert.rejects(group.attach([child.pid, 2 ** 22 + 5]), { kind: 'not_found', message: /4194309/ });
      assert.deepEqual([await group.processes(), fs.readFileSync(`/proc/${child.pid}/cgroup`, 'utf8')], [[], before]);
      await assert.rejects(group.attach([-1]), { kind: 'invalid_spec' });
    });
  });
});

tidy('a thread alone', async (context) => {
  await withGroup(context, [], async (group) => {
    const worker = new Worker('require("node:worker_threads").parentPort.once("message", () => {})', { eval: true });
    await once(worker, 'online');
    const status = (task) => fs.readFileSync(`/proc/self/task/${task}/status`, 'utf8');
    const tasks = fs.readdirSync('/proc/self/task').map(Number).filter((task) => task !== process.pid);
    try {
      const [thread] = tasks.filter((task) => status(task).startsWith('Name:'));
      await group.attachThreads(thread);
      assert.deepEqual((await group.threads()).filter((task) => task === thread || task === process.pid), [thread]);
      const home = Cgroup.own();
      await home.attachThreads(thread);
      home.close();
    } catch (error) {
      if (error.kind !== 'unsupported') throw error;
      skip(context, error.message);
    } finally {
      await worker.terminate();
    }
  });
});

tidy('frozen means that nothing moves', async (context) => {
  await withGroup(context, [], async (group) => {
    const file = path.join(os.tmpdir(), `isolate-count-${process.pid}`);
    await withProcess(`n=0; while :; do n=$((n + 1)); echo $n > ${file}; done`, async (child) => {
      try {
        await group.attach(child.pid);
        child.stdin.write('\n');
        await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8') !== '', 'it counts');
        await group.freeze({ timeoutMs: 30_000 });
        assert.equal(await group.isFrozen(), true);
        const stood = fs.readFileSync(file, 'utf8');
        // A hundred counts would fit in.
        await iso.run(['true'], { profile: 'none' });
        assert.equal(fs.readFileSync(file, 'utf8'), stood);
        await group.thaw();
        assert.equal(await group.isFrozen(), false);
        await until(() => fs.readFileSync(file, 'utf8') !== stood, 'it counts again');
        await group.freeze();
        const ended = once(child, 'exit');
        await group.kill();
        assert.deepEqual(await ended, [null, 'SIGKILL']);
      } catch (error) {
        if (error.kind !== 'unsupported') throw error;
        skip(context, error.message);
      } finally {
        fs.rmSync(file, { force: true });
      }
    });
  });
});

tidy('killed with all that were forked', async (context) => {
  await withGroup(context, [], async (group) => {
    await withProcess('sleep 600 & sleep 600', async (child) => {
      await group.attach(child.pid);
      child.stdin.write('\n');
      await until(async () => (await group.processes()).length === 3, 'it has forked');
      const ended = once(child, 'exit');
      await group.kill();
      assert.deepEqual(await ended, [null, 'SIGKILL']);
      await until(async () => !(await group.isPopulated()), 'all are gone');
    });
  });
});

const swapless = { memory: '32M', swap: 0, bestEffort: ['swap'] };

tidy('a hog is killed at the limit', async (context) => {
  await withGroup(context, ['memory'], async (group) => {
    const rows = await group.apply(swapless);
    assert.deepEqual([rows.memory.status, Number(rows.memory.value), await group.memory('limit')], ['enforced', 32 * MIB, 32 * MIB]);
    const events = group.events('oom');
    await withProcess(`exec sh -c '${HOG}'`, async (child) => {
      await group.attach(child.pid);
      assert.equal((await outcome(child)).stdout, '');
    });
    const kinds = new Set();
    for await (const event of events) {
      kinds.add(event.kind);
      assert.ok(event.watch === 0 && event.count >= 1 && event.file.startsWith('memory.') && Object.isFrozen(event));
      if (event.kind === 'oom_kill') break;
    }
    assert.ok(kinds.has('oom_kill') && events.closed);
    const { memory, cpu } = await group.stat('memory');
    assert.ok(memory.oomKills >= 1 && memory.limit === 32 * MIB && cpu === null);
    const control = await group.oomControl();
    assert.deepEqual({ ...control, kills: 0 }, { paused: false, underOom: false, kills: 0 });
    assert.ok(control.kills >= 1 && (await group.memory('max_usage')) <= 32 * MIB);
  });
});

tidy('out of memory it pauses and goes on', async (context) => {
  await withGroup(context, ['memory'], async (group) => {
    await group.apply(swapless);
    try {
      await group.setOomPause(true);
    } catch (error) {
      if (error.kind !== 'unsupported') throw error;
      skip(context, error.message);
      return;
    }
    await withProcess(HOG, async (child) => {
      await group.attach(child.pid);
      const ended = outcome(child);
      await until(async () => (await group.oomControl()).underOom, 'it waits for memory');
      if ((await group.memory('memsw_limit').catch(() => null)) !== null) await group.setMemory('memsw_limit', 1024 * MIB);
      assert.equal(await group.setMemory('limit', 1024 * MIB), 1024 * MIB);
      assert.deepEqual(await ended, { code: 0, signal: null, stdout: 'full\n' });
      assert.equal((await group.oomControl()).kills, 0);
    });
  });
});

tidy('a limit below the use is refused', async (context) => {
  if (fs.readFileSync('/proc/swaps', 'utf8').trim().includes('\n')) return skip(context, 'there is swap to make room by');
  await withGroup(context, ['memory'], async (group) => {
    await withProcess(`${HOG}; read held`, async (child) => {
      await group.attach(child.pid);
      child.stdin.write('\n');
      await once(child.stdout, 'data');
      const before = Number((await group.apply({ memory: '1G' })).memory.value);
      await assert.rejects(group.setMemory('limit', MIB), { kind: 'busy', code: 'EBUSY', message: /uses \d+ bytes/ });
      await assert.rejects(group.apply({ memory: '1M' }), { kind: 'busy', message: /uses \d+ bytes/ });
      assert.equal(await group.memory('limit'), before);
      assert.ok((await group.reclaim()) >= 0);
      await group.resetMemory('max_usage');
      await assert.rejects(group.resetMemory('usage'), { kind: 'invalid_spec' });
      await assert.rejects(group.memory('use'), { kind: 'invalid_spec', message: /is none of usage/ });
    });
  });
});

tidy('no process beyond the limit', async (context) => {
  await withGroup(context, ['pids'], async (group) => {
    assert.equal((await group.apply({ pids: 1 })).pids.value, '1');
    const events = group.events(['pids_events']);
    await withProcess('(exit 7); echo $?', async (child) => {
      await group.attach(child.pid);
      child.stderr?.resume();
      assert.ok(!(await outcome(child)).stdout.startsWith('7'));
    });
    const { value: event } = await events.next();
    assert.deepEqual([event.kind, event.file], ['pids_limit', 'pids.events']);
    events.close();
    const { pids } = await group.stat(['pids']);
    assert.ok(pids.limit === 1 && pids.denied >= 1);
  });
});

tidy('limits all or none', async (context) => {
  await withGroup(context, ['pids'], async (above) => {
    const group = await Cgroup.create('below', { parent: above.path, controllers: 'pids' });
    await group.apply({ pids: 7 });
    await assert.rejects(group.apply({ pids: 9, memory: '64M' }), { kind: 'unsupported', message: /memory/ });
    assert.equal(await group.get('pids.max'), '7\n');
    const rows = await group.apply({ pids: 9, memory: '64M', bestEffort: ['memory'] });
    assert.deepEqual([rows.memory.status, rows.pids.value, await group.get('pids.max')], ['skipped', '9', '9\n']);
    assert.ok(rows.memory.reason.length > 0);
    await assert.rejects(group.apply({ memroy: 1 }), { kind: 'invalid_spec', message: /limits.memroy/ });
    await assert.rejects(group.apply({ cpu_time: 1 }), { kind: 'invalid_spec', message: /use cpuTimeMs/ });
    await assert.rejects(group.apply({ pids: Symbol('x') }), TypeError);
    assert.equal(await group.set('pids.max', 12), '12');
    for (const bad of ['..', 'a/b', '', '/etc/passwd']) await assert.rejects(group.get(bad), { kind: 'invalid_spec' });
    await assert.rejects(group.get('pids.nonsense'), { kind: 'unsupported', message: /no such file; it has/ });
    await assert.rejects(group.set('pids.max', 'many'), { code: 'EINVAL', message: /pids.max: "many"/ });
    group.close();
  });
});

tidy('what is measured moves', async (context) => {
  await withGroup(context, [], async (group) => {
    await withProcess('while :; do :; done', async (child) => {
      await group.attach(child.pid);
      child.stdin.write('\n');
      const first = (await group.stat('cpu')).cpu?.usageUsec ?? null;
      if (first === null) {
        skip(context, 'no CPU time is told here');
        return;
      }
      await until(async () => (await group.stat('cpu')).cpu.usageUsec > first, 'it uses the CPU');
      const stat = await group.stat();
      assert.ok(Object.isFrozen(stat) && Object.isFrozen(stat.cpu));
      for (const kind of ['memory', 'pids']) assert.equal(stat[kind] !== null, group.controllers().includes(kind), kind);
      if (stat.pids !== null) assert.deepEqual([stat.pids.current, stat.pids.limit], [1, null]);
      if (stat.memory !== null) assert.ok(stat.memory.current !== null && Object.keys(stat.memory.stat).length > 5);
      await assert.rejects(group.stat('everything'), { kind: 'invalid_spec', message: /is not one of cpu, memory/ });
    });
  });
});

tidy('a device is refused, and why', async (context) => {
  await withGroup(context, [], async (group) => {
    try {
      assert.equal((await group.explainDevice('/dev/null', 'rw')).allowed, true);
      await group.apply({ devices: [{ allow: false, device: 'c 1:7', access: 'rwm' }] });
    } catch (error) {
      if (!refused(error)) throw error;
      skip(context, error.message);
      return;
    }
    const told = await group.explainDevice('/dev/full', 'r');
    assert.ok(!told.allowed && told.reason.length > 0);
    await withProcess('exec 2>&1; : < /dev/full', async (child) => {
      await group.attach(child.pid);
      assert.match((await outcome(child)).stdout, /Operation not permitted/);
    });
    await assert.rejects(group.explainDevice('/no/such'), { kind: 'not_found' });
  });
});

tidy('the release agent, and another user', async (context) => {
  await withGroup(context, [], async (group) => {
    const v1 = group.places().filter((place) => place.version === 'v1');
    if (v1.length === 0) {
      await assert.rejects(group.notifyOnRelease(), { kind: 'unsupported', message: /watch for populated/ });
      return;
    }
    assert.equal(await group.notifyOnRelease(), false);
    await group.setNotifyOnRelease(true);
    assert.ok(v1.every((place) => fs.readFileSync(`${place.path}/notify_on_release`, 'utf8') === '1\n'));
    await assert.rejects(group.releaseAgent('pids'), { kind: 'unsupported', message: /only the root group/ });
    await assert.rejects(group.setReleaseAgent('pids', 'relative'), { kind: 'invalid_spec' });
    await assert.rejects(group.delegate({ uid: 65534 }), { kind: 'unsupported', message: /another user's hands/ });
  });
});

const calls = {
  attach: (group) => group.attach(process.pid),
  freeze: (group) => group.freeze(),
  thaw: (group) => group.thaw(),
  isFrozen: (group) => group.isFrozen(),
  isPopulated: (group) => group.isPopulated(),
  get: (group) => group.get('cgroup.procs'),
  set: (group) => group.set('cgroup.procs', 0),
  apply: (group) => group.apply({ pids: 3 }),
  stat: (group) => group.stat(),
  events: async (group) => group.events('populated'),
  memory: (group) => group.memory('usage'),
  setMemory: (group) => group.setMemory('limit', null),
  oomControl: (group) => group.oomControl(),
  setOomPause: (group) => group.setOomPause(true),
  reclaim: (group) => group.reclaim(),
  explainDevice: (group) => group.explainDevice('c 1:3'),
  notifyOnRelease: (group) => group.notifyOnRelease(),
  delegate: (group) => group.delegate({ uid: 0 }),
  createChild: (group) => group.createChild('inner'),
  child: async (group) => group.child('inner'),
};

tidy('once removed, and once closed, every call says so', async (context) => {
  await withGroup(context, [], async (group) => {
    const again = Cgroup.open(group.path);
    await group.remove();
    await group.remove();
    for (const [word, call] of Object.entries(calls)) {
      await assert.rejects(call(again), { kind: 'not_found', stage: 'cgroup' }, word);
    }
    assert.deepEqual([again.children(), await again.processes(), await again.threads({ recursive: true })], [[], [], []]);
    again.close();
    again.close();
    for (const [word, call] of Object.entries(calls)) {
      await assert.rejects(call(again), { kind: 'invalid_spec', code: 'EBADF', message: /the handle is closed/ }, word);
    }
    assert.equal(inspect(again), `Cgroup(${group.path}, closed)`);
  });
});

tidy('wrong types', async (context) => {
  assert.throws(() => new Cgroup(), TypeError);
  assert.throws(() => new iso.Events(), TypeError);
  for (const bad of ['', '..', 'a/b', 'cgroup.procs', 5, null, undefined]) {
    await assert.rejects(Cgroup.create(bad), { kind: 'invalid_spec', stage: 'cgroup' }, String(bad));
  }
  await withGroup(context, [], async (group) => {
    const wrong = [
      () => Cgroup.create('x', { parent: 5 }),
      () => Cgroup.create('x', { controllers: [5] }),
      async () => Cgroup.open(5),
      async () => Cgroup.ofProcess('1'),
      async () => group.child(5),
      () => group.attach('1'),
      () => group.attach([1.5]),
      () => group.attachThreads([null]),
      () => group.processes({ recursive: 1 }),
      () => group.freeze({ timeoutMs: 'soon' }),
      () => group.delegate({ uid: 'root' }),
      () => group.delegate({ gid: -1 }),
      () => group.get(5),
      () => group.set('pids.max', null),
      () => group.stat([5]),
      () => group.memory(5),
      () => group.setMemory('limit', '1M'),
      () => group.setMemory('limit', -1),
      () => group.setOomPause('no'),
      () => group.reclaim('1M'),
      () => group.explainDevice(5),
      () => group.setNotifyOnRelease(1),
      () => group.setReleaseAgent(1, ''),
      async () => group.events([5]),
      async () => group.events('oomm'),
      async () => group.events({ threshold: { bytes: 'much' } }),
      async () => group.events({ treshold: { bytes: 5 } }),
    ];
    for (const call of wrong) await assert.rejects(call(), { kind: 'invalid_spec', stage: 'cgroup' }, String(call));
    await assert.rejects(group.apply({ pids: 'many' }), { kind: 'invalid_spec' });
    assert.throws(() => group.events([() => 5]), TypeError);
  });
});

tidy('no descriptor stays', async (context) => {
  await withGroup(context, [], async (group) => {
    globalThis.gc?.();
    const before = fds();
    for (let n = 0; n < 20; n += 1) {
      const inner = await group.createChild('inner');
      await inner.stat();
      assert.throws(() => inner.events({ threshold: { bytes: 0 } }), iso.IsolateError);
      inner.events('populated').close();
      Cgroup.open(inner.path).close();
      await inner[Symbol.asyncDispose]();
    }
    assert.deepEqual(fds(), before);
    for (let n = 0; n < 20; n += 1) Cgroup.open(group.path).events('populated');
    // What nobody closes is closed when it is collected.
    await until(() => {
      globalThis.gc?.();
      return globalThis.gc === undefined || fds().length === before.length;
    }, 'they are collected');
  });
});

tidy('the group of a job', async (context) => {
  const reason = await unlimited();
  if (reason !== null) {
    context.skip(reason);
    return;
  }
  const job = await iso.spawn(['sleep', '600'], { limits: { memory: '64M', pids: 16 } });
  const group = job.cgroup();
  assert.ok((await group.processes({ recursive: true })).includes(job.pid));
  assert.equal(await group.memory('limit'), 64 * MIB);
  const before = job.enforcement;
  const rows = await job.update({ memory: '128M' });
  assert.deepEqual(Object.keys(rows), ['memory']);
  assert.deepEqual([rows.memory.value, job.enforcement.memory.value], [String(128 * MIB), String(128 * MIB)]);
  assert.ok(before !== job.enforcement && job.enforcement.pids.value === before.pids.value);
  await assert.rejects(job.update({ memory: 0 }), { kind: 'invalid_spec' });
  await group[Symbol.asyncDispose]();
  assert.equal(job.outcome, null, 'who opened it only lets go of it');
  job.kill();
  assert.equal((await job.wait()).enforcement.memory.value, String(128 * MIB));
  assert.throws(() => job.cgroup(), { kind: 'not_found', stage: 'cgroup', message: `cgroup: job ${job.pid}: the job has ended` });
  await assert.rejects(job.update({ memory: '64M' }), { kind: 'not_found', stage: 'cgroup' });
});

tidy('a limit changed while the job runs holds', async (context) => {
  const reason = await unlimited();
  if (reason !== null) {
    context.skip(reason);
    return;
  }
  const job = await iso.spawn(['sh', '-c', `read x; exec sh -c '${HOG}'`], { profile: 'none', stdin: 'pipe', stdout: 'capture', limits: { memory: '512M' } });
  await job.update(swapless);
  job.stdin.end('\n');
  assert.equal((await job.wait()).stdout.toString(), '');
  assert.ok(job.outcome.usage.memoryPeak <= 32 * MIB);
});

test('conversions', () => {
  assert.deepEqual([0, 1, 2, 1024, 262144].map((n) => convert.sharesToWeight(n)), [0, 1, 1, 100, 10000]);
  assert.deepEqual(['runc-2025', 'systemd', 'linear'].map((rule) => convert.sharesToWeight(1024, rule)), [100, 100, 39]);
  for (let weight = 1; weight <= 10_000; weight += 7) assert.equal(convert.sharesToWeight(convert.weightToShares(weight)), weight);
  assert.deepEqual([0, 10, 500, 1000].map((n) => convert.blkioToIoWeight(n)), [0, 1, 4950, 10000]);
  assert.equal(convert.ioToBlkioWeight(4950), 500);
  assert.deepEqual([convert.swapMax(3000, 1000), convert.swapMax(-1, 1000), convert.memswLimit(2000, 1000)], [2000, -1, 3000]);
  assert.deepEqual([convert.cpuMax(50000), convert.cpuMax(-1, 20000), convert.quotaOf(1.5)], ['50000 100000', 'max 20000', 150000]);
  for (const call of [
    () => convert.weightToShares(10001), () => convert.blkioToIoWeight(9), () => convert.sharesToWeight(5, 'other'),
    () => convert.swapMax(999, 1000), () => convert.memswLimit(5, -1), () => convert.cpuMax(5), () => convert.quotaOf(NaN),
    () => convert.sharesToWeight('5'), () => convert.sharesToWeight(-1), () => convert.quotaOf('1'), () => convert.swapMax(1.5, 1),
  ]) {
    assert.throws(call, { kind: 'invalid_spec' }, String(call));
  }
});
