// run(): what the job finds, what it is held to, how it ended; asserted from inside where it can be.

'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { run, specFromJson } = require('..');
const { tidy, unlimited } = require('./helpers');

const text = { captureOutput: true, encoding: 'utf8' };
const sh = (script, options) => run(['sh', '-c', script], { ...text, ...options });

function directory(context) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'isolate-node-'));
  context.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

tidy('all eight namespaces are new, and an init is pid 1', async () => {
  const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];
  const r = await sh(`for k in ${kinds.join(' ')}; do readlink /proc/self/ns/$k; done; echo $PPID`);
  const lines = r.stdout.trim().split('\n');
  assert.equal(lines.pop(), '1', 'the parent of the program is pid 1');
  kinds.forEach((kind, n) => {
    assert.notEqual(lines[n], fs.readlinkSync(`/proc/self/ns/${kind}`));
    assert.equal(lines[n], `${kind}:[${r.namespaces[kind]}]`);
  });
  assert.equal((await sh('echo $$', { init: false })).stdout, '1\n', 'without an init the program itself is');
});

tidy('nothing of the host can be written', async () => {
  const r = await sh('touch /usr/x /etc/x /x; touch /tmp/isolate-x && echo private');
  assert.equal(r.stdout, 'private\n');
  assert.equal(r.stderr.match(/Read-only file system/g).length, 3);
  assert.ok(!fs.existsSync('/tmp/isolate-x'));
});

tidy('exit codes and signals', async () => {
  const code = await run(['sh', '-c', 'exit 7']);
  assert.deepEqual([code.reason, code.exitCode, code.signal, code.stdout, code.shellStatus], ['exit', 7, null, null, 7]);
  const signal = await run(['sh', '-c', 'kill -TERM $$']);
  assert.deepEqual([signal.reason, signal.exitCode, signal.signal, signal.shellStatus], ['signal', null, 15, 143]);
});

tidy('a mebibyte of both streams', async () => {
  const size = 1 << 20;
  const r = await run(
    ['sh', '-c', `head -c ${size} /dev/zero >&2 & head -c ${size} /dev/zero | tr '\\0' x; wait`],
    { captureOutput: true },
  );
  assert.ok(r.stdout.equals(Buffer.alloc(size, 'x')));
  assert.ok(r.stderr.equals(Buffer.alloc(size)));
  assert.ok(!r.stdoutCut && !r.stderrCut);
});

tidy('input larger than any pipe goes through, from bytes, text and streams', async () => {
  const data = crypto.randomBytes(3 << 20);
  assert.ok((await run(['cat'], { input: data, captureOutput: true })).stdout.equals(data));
  const parts = Readable.from([data.subarray(0, 100), data.subarray(100)]);
  assert.ok((await run(['cat'], { input: parts, stdout: 'pipe' })).stdout.equals(data));
  assert.equal((await run(['cat'], { ...text, input: 'grün' })).stdout, 'grün');
  const twice = 'cat > /tmp/data; cat /tmp/data; cat /tmp/data >&2';
  const both = await run(['sh', '-c', twice], { input: data, stdout: 'pipe', stderr: 'capture' });
  assert.ok(both.stdout.equals(data) && both.stderr.equals(data));
});

tidy('input that the job does not read', async () => {
  const r = await run(['sh', '-c', 'exec <&-; echo no thanks'], { ...text, input: Buffer.alloc(1 << 20) });
  assert.deepEqual([r.exitCode, r.stdout], [0, 'no thanks\n']);
});

tidy('streams to files and descriptors', async (context) => {
  const out = path.join(directory(context), 'out');
  await run(['echo', 'one'], { stdout: { file: { path: out } } });
  await run(['echo', 'two'], { stdout: { file: { path: pathToFileURL(out), append: true } } });
  const fd = fs.openSync(out, 'a');
  await run(['echo', 'three'], { stdout: fd });
  fs.closeSync(fd);
  assert.equal(fs.readFileSync(out, 'utf8'), 'one\ntwo\nthree\n');
});

tidy('a writable bind belongs to the caller', async (context) => {
  const dir = directory(context);
  const r = await sh('echo made > made; pwd', { cwd: '/work', binds: [{ source: dir, dest: '/work', rw: true }] });
  assert.equal(r.stdout, '/work\n', r.stderr);
  const made = fs.statSync(path.join(dir, 'made'));
  assert.deepEqual([made.uid, made.gid], [process.getuid(), process.getgid()]);
});

tidy('bytes that are no text', async () => {
  const r = await run(['printf', '%s', Buffer.from([0xff])], { captureOutput: true });
  assert.ok(r.stdout.equals(Buffer.from([0xff])));
  const env = { V: Buffer.from([0xfd]) };
  assert.ok((await run(['sh', '-c', 'printf %s "$V"'], { env, captureOutput: true })).stdout.equals(env.V));
});

tidy('times are milliseconds', async () => {
  const r = await run(['sh', '-c', 'while :; do :; done'], { timeoutMs: 300 });
  assert.deepEqual([r.reason, r.shellStatus], ['timeout', 124]);
  assert.ok(r.usage.wallTimeMs >= 250, `${r.usage.wallTimeMs} ms`);
  assert.ok(r.usage.cpuTimeMs > 0);
  assert.equal((await run(['sleep', '100'], { timeoutMs: '100' })).reason, 'timeout');
  assert.equal((await run(['sleep', '100'], { timeoutMs: '0.1s' })).reason, 'timeout');
});

tidy('the output limit', async () => {
  const r = await run(['cat', '/dev/zero'], { captureOutput: true, limits: { output: 65536n } });
  assert.deepEqual([r.reason, r.stdout.length, r.stdoutCut], ['output_limit', 65536, true]);
});

tidy('the memory limit', async (context) => {
  const why = await unlimited();
  if (why !== null) return context.skip(why);
  // tail keeps the last line, and this one has no end.
  const r = await run(['tail', '/dev/zero'], { limits: { memory: '32M' } });
  assert.equal(r.reason, 'out_of_memory');
  assert.equal(r.enforcement.memory.status, 'enforced');
  assert.equal(r.enforcement.memory.value, String(32 << 20));
  assert.ok(r.usage.memoryPeak <= 32 << 20);
});

tidy('the CPU time limit', async (context) => {
  const why = await unlimited();
  if (why !== null) return context.skip(why);
  const r = await run(['sh', '-c', 'while :; do :; done'], { limits: { cpuTimeMs: 200 }, timeoutMs: 60_000 });
  assert.equal(r.reason, 'cpu_limit');
});

tidy('the same from a spec, JSON and options', async () => {
  const spec = { argv: ['hostname'], hostname: 'box', stdout: 'capture' };
  for (const r of [
    await run(spec),
    await run(specFromJson(JSON.stringify(spec))),
    await run(['hostname'], { hostname: 'box', stdout: 'capture' }),
  ]) {
    assert.equal(r.stdout.toString(), 'box\n');
  }
  assert.equal((await run(spec, { hostname: 'other', encoding: 'utf8' })).stdout, 'other\n');
});

tidy('outcomes are plain frozen data', async () => {
  const r = await run(['echo', 'hi'], text);
  assert.throws(() => {
    r.reason = 'x';
  }, TypeError);
  assert.deepEqual(structuredClone(r), { ...r });
  assert.ok(r.usage.maxRss > 0 && r.pid > 0);
});

tidy('an abort kills and rejects', async () => {
  const controller = new AbortController();
  const running = run(['sleep', '100'], { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('why')), 50);
  await assert.rejects(running, (error) => {
    assert.deepEqual([error.name, error.code, error.cause.message], ['AbortError', 'ABORT_ERR', 'why']);
    return true;
  });
  await assert.rejects(run(['true'], { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const starting = new AbortController();
  const early = run(['sleep', '100'], { signal: starting.signal });
  starting.abort();
  await assert.rejects(early, { name: 'AbortError' });
  const late = new AbortController();
  assert.equal((await run(['true'], { signal: late.signal })).reason, 'exit');
  late.abort();
});

tidy('eight at once, while file work goes on', async () => {
  const running = Array.from({ length: 8 }, (_, n) => sh(`sleep 0.3; echo ${n}`));
  // Were the launches or the waits on the pool of four threads, this would come last.
  let done = 0;
  for (const r of running) void r.then(() => done++);
  await fs.promises.readFile('/proc/self/stat');
  assert.equal(done, 0);
  assert.deepEqual((await Promise.all(running)).map((r) => r.stdout), Array.from({ length: 8 }, (_, n) => `${n}\n`));
});

test('what is asked for twice', async () => {
  await assert.rejects(run(['true'], { stdout: 'null', captureOutput: true }), /stdout and captureOutput/);
  await assert.rejects(run(['true'], { stdin: 'null', input: '' }), /stdin and input/);
});
