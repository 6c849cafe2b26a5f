// Events of cgroups by async iteration: each once, in order, to the end, and nothing of them stays.

'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { fds, tidy, until } = require('./helpers');
const { MIB, HOG, name, sleeper, withGroup, withProcess } = require('./groups');

const root = path.join(__dirname, '..');

tidy('filled, emptied, removed', async (context) => {
  await withGroup(context, [], async (group) => {
    await sleeper(async (child) => {
      const events = group.events('populated');
      assert.equal(inspect(events), 'Events(open)');
      const ended = once(child, 'exit');
      await group.attach(child.pid);
      const seen = [];
      for await (const event of events) {
        seen.push(event.kind);
        assert.equal(event.watch, event.kind === 'removed' ? null : 0);
        if (event.kind === 'populated') child.kill('SIGKILL');
        if (event.kind === 'empty') {
          await ended;
          await group.remove();
        }
      }
      assert.deepEqual(seen, ['populated', 'empty', 'removed']);
      assert.ok(events.closed);
      assert.deepEqual(await events.next(), { value: undefined, done: true });
    });
  });
});

tidy('every watch has its number', async (context) => {
  await withGroup(context, [], async (group) => {
    await sleeper(async (child) => {
      const events = group.events(['populated', 'frozen']);
      const seen = [];
      // What has changed back again before anybody looks is no event.
      for (const change of [() => group.attach(child.pid), () => group.freeze(), () => group.thaw()]) {
        await change();
        const { value } = await events.next();
        seen.push([value.watch, value.kind]);
      }
      assert.deepEqual(seen, [[0, 'populated'], [1, 'frozen'], [1, 'thawed']]);
      await events[Symbol.asyncDispose]();
      assert.equal(inspect(events), 'Events(closed)');
    });
  });
});

tidy('memory crosses a threshold', async (context) => {
  await withGroup(context, ['memory'], async (group) => {
    if (!group.places().some((place) => place.version === 'v1' && place.controllers.includes('memory'))) {
      assert.throws(() => group.events({ threshold: { bytes: '32M' } }), { kind: 'unsupported' });
      return;
    }
    const events = group.events({ threshold: { bytes: '32M' } });
    await withProcess(`${HOG}; read held`, async (child) => {
      await group.attach(child.pid);
      child.stdin.write('\n');
      const { value } = await events.next();
      assert.deepEqual([value.kind, value.detail], ['threshold', 'above']);
      assert.ok(value.value >= 32 * MIB);
    });
    events.close();
  });
});

tidy('several wait, each for its own', async (context) => {
  await withGroup(context, [], async (group) => {
    await sleeper(async (child) => {
      const events = group.events('populated');
      const turns = [events.next(), events.next(), events.next(), events.next()];
      const ended = once(child, 'exit');
      await group.attach(child.pid);
      await turns[0];
      child.kill('SIGKILL');
      await ended;
      await turns[1];
      await group.remove();
      const results = await Promise.all(turns);
      assert.deepEqual(results.map(({ value }) => value?.kind), ['populated', 'empty', 'removed', undefined]);
    });
  });
});

tidy('closing ends the wait, and the handle is not needed', async (context) => {
  await withGroup(context, [], async (group) => {
    const events = group.events([]);
    const turn = events.next();
    events.close();
    events.close();
    assert.deepEqual(await turn, { value: undefined, done: true });
    const outliving = await group.createChild('inner');
    const further = outliving.events('populated');
    const last = further.next();
    await outliving[Symbol.asyncDispose]();
    assert.equal((await last).value.kind, 'removed');
    further.close();
  });
});

tidy('JavaScript goes on meanwhile, and no pool is used up', async (context) => {
  await withGroup(context, [], async (group) => {
    const many = Array.from({ length: 16 }, () => group.events('populated'));
    const turns = many.map((events) => events.next());
    let ticks = 0;
    await until(() => (ticks += 1) > 5, 'timers run');
    const inner = await group.createChild('inner');
    await inner[Symbol.asyncDispose]();
    for (const events of many) events.close();
    assert.ok((await Promise.all(turns)).every(({ done }) => done));
  });
});

tidy('a worker that is terminated leaves nothing', async (context) => {
  await withGroup(context, [], async (group) => {
    const before = fds();
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Cgroup } = require(workerData.root);
      const events = Cgroup.open(workerData.path).events('populated');
      events.next();
      parentPort.postMessage('waits');
      parentPort.on('message', () => {});`;
    for (let n = 0; n < 3; n += 1) {
      const worker = new Worker(program, { eval: true, workerData: { root, path: group.path } });
      await once(worker, 'message');
      await worker.terminate();
    }
    await until(() => fds().length <= before.length, 'their descriptors are closed');
    await sleeper(async (child) => {
      const events = group.events('populated');
      await group.attach(child.pid);
      assert.equal((await events.next()).value.kind, 'populated');
      events.close();
    });
  });
});

tidy('a program ends when nobody waits, and not before', async (context) => {
  await withGroup(context, [], async (group) => {
    const run = (body) => {
      const text = `const { Cgroup } = require(${JSON.stringify(root)}); const group = Cgroup.open(${JSON.stringify(group.path)}); ${body}`;
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', text], { timeout: 60_000, encoding: 'utf8' });
      return [status, stdout, stderr];
    };
    assert.deepEqual(run("group.events('populated'); console.log('end')"), [0, 'end\n', '']);
    const inner = name();
    const waits = `group.createChild('${inner}').then(async (made) => { const events = made.events(); setTimeout(() => made.remove(), 50).unref(); setTimeout(() => {}, 100); for await (const event of events) console.log(event.kind); })`;
    assert.deepEqual(run(waits), [0, 'removed\n', '']);
  });
});
