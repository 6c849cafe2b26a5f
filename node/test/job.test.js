// spawn() and Job: streams, signals, events, and what becomes of a job nobody wants.

'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { run, spawn, IsolateError } = require('..');
const { alive, cgroups, children, fds, tidy, until } = require('./helpers');

const node = (script, ...flags) =>
  promisify(execFile)(process.execPath, [...flags, '-e', script], { cwd: path.join(__dirname, '..'), timeout: 60_000 });

tidy('streams are sockets', async () => {
  const job = await spawn(['cat'], { stdin: 'pipe', stdout: 'pipe', encoding: 'utf8' });
  assert.equal(job.stderr, null);
  job.stdin.write('line\n');
  assert.deepEqual(await once(job.stdout, 'data'), ['line\n']);
  job.stdin.end();
  job.stdout.resume();
  assert.equal((await job.wait()).exitCode, 0);
  await job.close();
});

tidy('what a job is, and the end of its block', async () => {
  const job = await spawn(['sleep', '100']);
  assert.equal(fs.readFileSync(`/proc/${job.pid}/comm`, 'utf8'), 'sleep\n');
  assert.equal(fs.readlinkSync(`/proc/${job.pid}/ns/pid`), `pid:[${job.namespaces.pid}]`);
  assert.equal(job.enforcement['namespace.pid'].status, 'enforced');
  assert.ok(job.usage().wallTimeMs > 0);
  assert.equal(job.outcome, null);
  await job[Symbol.asyncDispose]();
  assert.equal(job.outcome.reason, 'killed');
  assert.ok(!alive(job.pid));
  assert.equal(await job.wait(), job.outcome);
  assert.equal(job.usage(), job.outcome.usage);
  await job.close();
});

tidy('signals', async () => {
  const script = "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.01; done";
  const job = await spawn(['sh', '-c', script], { stdout: 'pipe', encoding: 'utf8' });
  assert.deepEqual(await once(job.stdout, 'data'), ['ready\n']);
  assert.equal(job.signal('SIGUSR1'), true);
  assert.deepEqual(await once(job.stdout, 'data'), ['usr1\n']);
  assert.throws(() => job.signal(99), { kind: 'invalid_spec' });
  assert.throws(() => job.signal('SIGNOT'), IsolateError);
  assert.equal(job.signal(15), true);
  const r = await job.wait();
  assert.deepEqual([r.reason, r.signal], ['signal', 15]);
  assert.equal(job.signal('SIGTERM'), false);
  job.kill();
  await job.close();
});

tidy('the exit event, and many waits', async () => {
  const job = await spawn(['sh', '-c', 'sleep 0.1; exit 4']);
  const [[event], ...waits] = await Promise.all([once(job, 'exit'), job.wait(), job.wait()]);
  assert.equal(event.exitCode, 4);
  assert.ok(waits.every((outcome) => outcome === event));
});

tidy('a job that ends at once is heard of', async () => {
  for (let n = 0; n < 20; n++) {
    const job = await spawn(['true']);
    await new Promise((resolve) => setTimeout(resolve, n));
    assert.equal((await job.wait()).exitCode, 0);
  }
});

tidy('an abort kills a spawned job', async () => {
  const controller = new AbortController();
  const job = await spawn(['sleep', '100'], { signal: controller.signal });
  controller.abort();
  await assert.rejects(job.wait(), { name: 'AbortError', code: 'ABORT_ERR' });
  assert.ok(!alive(job.pid));
});

tidy('a job nobody holds is killed', async () => {
  const pid = await (async () => (await spawn(['sleep', '100'])).pid)();
  assert.ok(alive(pid));
  await until(() => {
    globalThis.gc();
    return !alive(pid);
  }, 'the collected job is killed');
  await until(() => children().length === 0, 'and reaped');
});

tidy('a job somebody waits for, listens to or reads from is not collected', async () => {
  const ends = [];
  const open = fds().length;
  await (async () => {
    const a = await spawn(['sh', '-c', 'sleep 0.5; exit 1']);
    void a.wait().then((outcome) => ends.push(outcome.exitCode));
    const b = await spawn(['sh', '-c', 'sleep 0.5; exit 2']);
    b.on('exit', (outcome) => ends.push(outcome.exitCode));
    const c = await spawn(['sh', '-c', 'sleep 0.5; echo 3'], { stdout: 'pipe', encoding: 'utf8' });
    c.stdout.on('data', (data) => ends.push(Number(data)));
  })();
  await until(() => {
    globalThis.gc();
    return ends.length === 3;
  }, 'all three ends are heard of');
  assert.deepEqual(ends.sort(), [1, 2, 3]);
  // The third has been heard, which is before its end.
  await until(() => fds().length === open && children().length + cgroups().length === 0, 'it has ended');
});

tidy('a program in a job holds the job', async () => {
  const inner = await (async () => (await spawn(['sleep', '100'])).exec(['sh', '-c', 'sleep 0.5; exit 6']))();
  const collecting = setInterval(() => globalThis.gc(), 10);
  assert.equal((await inner.wait()).exitCode, 6);
  // And no longer.
  await until(() => children().length + cgroups().length === 0, 'the job itself is given up');
  clearInterval(collecting);
});

test('a running job keeps the process, an unreferenced one does not', async () => {
  const waits = await node("require('.').spawn(['sh', '-c', 'sleep 0.3; echo end'])");
  assert.equal(waits.stdout, 'end\n');
  const leaves = await node("require('.').spawn(['sleep', '100']).then((job) => console.log(job.unref().pid))");
  await until(() => !alive(Number(leaves.stdout)), 'the job ends with the process');
});

test('the process ends by itself after jobs have ended', async () => {
  const { stdout } = await node("require('.').run(['true']).then((r) => console.log(r.reason))");
  assert.equal(stdout, 'exit\n');
});

test('process.exit and an uncaught error take the jobs along', async () => {
  for (const end of ['process.exit(0)', 'process.kill(process.pid, "SIGKILL")', 'throw new Error("x")']) {
    // Without a cgroup: a killed process cannot take its directory away.
    const script = `require('.').spawn(['sleep', '100'], { cgroup: 'none' }).then((job) => {
      require('fs').writeSync(1, String(job.pid)); ${end}; })`;
    const { stdout } = await node(script).catch((error) => error);
    assert.ok(Number(stdout) > 0);
    await until(() => !alive(Number(stdout)), end);
  }
});

function worker(body) {
  return new Worker(`const { parentPort } = require('node:worker_threads');
    const { run, spawn } = require(${JSON.stringify(path.join(__dirname, '..'))});
    (async () => { ${body} })();`, { eval: true });
}

tidy('worker threads, three at once', async () => {
  const body = "const r = await run(['echo', 'hi'], { captureOutput: true, encoding: 'utf8' }); parentPort.postMessage(r.stdout);";
  const workers = Array.from({ length: 3 }, () => worker(body));
  const ends = workers.map((w) => once(w, 'exit'));
  const messages = await Promise.all(workers.map((w) => once(w, 'message')));
  assert.deepEqual(messages, [['hi\n'], ['hi\n'], ['hi\n']]);
  assert.deepEqual(await Promise.all(ends), [[0], [0], [0]], 'a worker ends by itself');
});

tidy('a terminated worker takes its jobs along, and only those', async () => {
  const mine = await spawn(['sleep', '100']);
  const w = worker("const job = await spawn(['sleep', '100']); parentPort.postMessage(job.pid); await job.wait();");
  const [pid] = await once(w, 'message');
  assert.ok(alive(pid));
  await w.terminate();
  await until(() => !alive(pid), 'the worker has ended, and its job');
  assert.ok(alive(mine.pid));
  await mine.close();
  await until(() => children().length === 0, 'all are reaped');
});

tidy('a worker terminated while it starts jobs leaves none', async () => {
  const w = worker("parentPort.postMessage(0); for (let n = 0; n < 16; n++) spawn(['sleep', '100']);");
  await once(w, 'message');
  await w.terminate();
  // A group is there before its first process and after its last.
  await until(() => children().length === 0 && cgroups().length === 0, 'whatever had started is gone');
});

tidy('a job runs on when the launching thread is gone', async () => {
  // The launching threads end after two idle seconds.
  const job = await spawn(['sh', '-c', 'sleep 3; exit 5']);
  assert.equal((await job.wait()).exitCode, 5);
});

tidy('run reaps when reading fails', async () => {
  const failing = (async function* () {
    yield 'x';
    throw new Error('no more');
  })();
  const r = await run(['cat'], { input: failing, captureOutput: true, timeoutMs: 20_000 });
  assert.equal(r.reason, 'exit', 'the job sees the end of its input');
});
