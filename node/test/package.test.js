// The package itself: both module systems, its names, its types, its README.

'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const iso = require('..');
const { native } = require('../lib/native');

const root = path.join(__dirname, '..');

test('require and import give the same', async () => {
  const esm = await import('../index.mjs');
  const { default: whole, ...named } = esm;
  assert.equal(whole, iso);
  assert.deepEqual(Object.keys(named).sort(), Object.keys(iso).sort());
  for (const [name, value] of Object.entries(named)) assert.equal(value, iso[name]);
});

test('the types name what is exported', () => {
  const text = fs.readFileSync(path.join(root, 'index.d.ts'), 'utf8');
  const names = [...text.matchAll(/^export (?:function|class|const|namespace) (\w+)/gm)].map((match) => match[1]);
  assert.deepEqual([...new Set(names)].sort(), Object.keys(iso).sort());
});

test('package and addon are of one version', () => {
  assert.equal(native().version(), iso.version);
});

test('the host tells the eight namespaces', () => {
  const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];
  assert.deepEqual(Object.keys(iso.host().namespaces).sort(), kinds);
});

test('every exported function of the addon catches panics', () => {
  const dir = path.join(root, '..', 'bindings', 'node', 'src');
  if (!fs.existsSync(dir)) return;
  const files = fs.readdirSync(dir, { recursive: true }).filter((name) => name.endsWith('.rs'));
  const source = files.map((name) => fs.readFileSync(path.join(dir, name), 'utf8')).join('\n');
  const attributes = [...source.matchAll(/#\[napi(\(.*?\))?\]\s*(?:pub )?(\w+)/g)];
  assert.ok(attributes.length > 50);
  for (const [, options, word] of attributes) {
    if (word === 'fn') assert.match(options ?? '', /catch_unwind/);
  }
});

test('it installs from a directory, for require, import and npx', (context) => {
  // npm makes the commands executable, for which the files must be one's own.
  if (fs.statSync(root).uid !== process.getuid()) return context.skip('the checkout belongs to another user');
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'isolate-npm-'));
  context.after(() => fs.rmSync(dir, { recursive: true }));
  fs.writeFileSync(path.join(dir, 'package.json'), '{"private": true}');
  const options = { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--silent', root], options);
  const program = "const r = await run(['true']); console.log(r.reason, r.exitCode);";
  const esm = ['--input-type=module', '-e', `import { run } from 'libisolate'; ${program}`];
  assert.equal(execFileSync(process.execPath, esm, options), 'exit 0\n');
  const cjs = ['-e', `const { run } = require('libisolate'); (async () => { ${program} })();`];
  assert.equal(execFileSync(process.execPath, cjs, options), 'exit 0\n');
  assert.equal(execFileSync('npx', ['--no-install', 'libisolate', 'run', '--', 'echo', 'hi'], options), 'hi\n');
});

test('the README does what it says', () => {
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, snippet] = readme.match(/```js\n(.*?)```/s);
  const program = snippet.replace("from 'libisolate'", "from './index.mjs'");
  const options = { cwd: root, encoding: 'utf8', timeout: 60_000 };
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], options);
  assert.match(out, /^exit 0 pid \d+\n\d+\n/);
  // The job's end and its output come by ways of their own.
  assert.deepEqual(out.trim().split('\n').slice(-2).sort(), ['exit', 'hello']);
});

const command = (...args) =>
  spawnSync(process.execPath, [path.join(root, 'bin', 'isolatectl.js'), ...args], { encoding: 'utf8', timeout: 60_000 });

test('the command', () => {
  const done = command('run', '--hostname', 'box', '--', 'sh', '-c', 'hostname; exit 3');
  assert.deepEqual([done.status, done.stdout, done.stderr], [3, 'box\n', '']);
  assert.equal(command('run', '--timeout', '0.1', '--', 'sleep', '100').status, 124);
  const none = command('run', '--', '/no/such');
  assert.deepEqual([none.status, none.stderr], [127, 'isolatectl: exec: /no/such: No such file or directory\n']);
  assert.ok(command('info').stdout.includes(iso.version));
});

test('the command passes signals on', async () => {
  const script = "trap 'echo got; exit 9' INT; echo ready; while :; do sleep 0.02; done";
  const args = [path.join(root, 'bin', 'isolatectl.js'), 'run', '--', 'sh', '-c', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  assert.deepEqual(await once(child.stdout, 'data'), ['ready\n']);
  child.kill('SIGINT');
  assert.deepEqual(await once(child.stdout, 'data'), ['got\n']);
  assert.deepEqual(await once(child, 'exit'), [9, null]);
});
