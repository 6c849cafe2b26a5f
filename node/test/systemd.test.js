// Groups and jobs in scopes that systemd makes, and what is said where it is not.

'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { test } = require('node:test');
const iso = require('..');
const { tidy, until } = require('./helpers');
const { name, refused, skip, sleeper, withGroup } = require('./groups');

const { Cgroup, run, spawn } = iso;
const booted = fs.existsSync('/run/systemd/system');

/** A test that needs systemd to make groups for this caller: says why where it does not. */
function managed(title, body) {
  tidy(title, async (context) => {
    try {
      await run(['true'], { profile: 'none', driver: 'systemd' });
    } catch (error) {
      if (!refused(error)) throw error;
      skip(context, error.message);
      return;
    }
    await body(context);
  });
}

function systemctl(...words) {
  const user = process.getuid() === 0 ? [] : ['--user'];
  // A test machine may have this program's files in a root of their own.
  const env = { ...process.env, SYSTEMD_IGNORE_CHROOT: '1' };
  return spawnSync('systemctl', [...user, ...words], { env, encoding: 'utf8' }).stdout.trim();
}

const inScope = (path) => path.includes(`isolate-${process.pid}-`) && path.includes('.scope/');
const membership = (pid) => fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n').filter(inScope);

/** The scope's directory where systemd keeps account of it. */
function scopeOf(group) {
  const dir = group.places().map((place) => String(place.path)).find(inScope);
  return `${dir.split('.scope/')[0]}.scope`;
}

managed('a job in a named scope', async () => {
  const unit = name();
  const done = await run(['cat', '/proc/self/cgroup'], {
    profile: 'none', driver: 'systemd', unit, stdout: 'capture', encoding: 'utf8',
  });
  assert.ok(done.stdout.split('\n').some(inScope), done.stdout);
  const { requested, status, value } = done.enforcement.unit;
  assert.deepEqual([requested, status, value], [unit, 'enforced', `${unit}.scope`]);
  assert.equal(systemctl('show', '--value', '-p', 'LoadState', `${unit}.scope`), 'not-found');
});

managed('a running job tells its unit', async () => {
  const job = await spawn(['sleep', '1000'], { profile: 'none', driver: 'systemd' });
  const group = job.cgroup();
  assert.match(group.unit, /^isolate-.*[.]scope$/);
  assert.equal(systemctl('show', '--value', '-p', 'ActiveState', group.unit), 'active');
  const scope = scopeOf(group);
  group.close();
  assert.ok(fs.existsSync(scope));
  job.kill();
  assert.equal((await job.wait()).reason, 'killed');
  await job.close();
  assert.ok(!fs.existsSync(scope));
});

managed('a slice is made', async () => {
  const top = `isolatejs${process.pid}`;
  const group = await Cgroup.create(name(), { driver: 'systemd', slice: `${top}-inner.slice` });
  assert.deepEqual(scopeOf(group).split('/').slice(-3, -1), [`${top}.slice`, `${top}-inner.slice`]);
  await group.remove();
  group.close();
  systemctl('stop', `${top}.slice`);
});

managed("a group takes this program's processes", async () => {
  await sleeper(async (child) => {
    const group = await Cgroup.create(name(), { driver: 'systemd' });
    assert.equal(group.unit, `${group.path}.scope`);
    await group.attach(child.pid);
    assert.deepEqual(await group.processes(), [child.pid]);
    assert.ok(membership(child.pid).length > 0);
    await assert.rejects(Cgroup.create(group.path, { driver: 'systemd' }), { kind: 'busy', message: /UnitExists/ });
    const scope = scopeOf(group);
    const ended = once(child, 'exit');
    await group[Symbol.asyncDispose]();
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.ok(!fs.existsSync(scope));
  });
});

managed('a closed handle leaves what has processes', async () => {
  let scope;
  await sleeper(async (child) => {
    const group = await Cgroup.create(name(), { driver: 'systemd' });
    await group.attach(child.pid);
    scope = scopeOf(group);
    group.close();
    assert.ok(fs.existsSync(scope) && membership(child.pid).length > 0);
  });
  await until(() => !fs.existsSync(scope), 'the scope goes with its last process');
});

test('where there is no systemd', async (context) => {
  if (booted) {
    skip(context, 'systemd is here');
    return;
  }
  for (const variable of ['DBUS_SYSTEM_BUS_ADDRESS', 'DBUS_SESSION_BUS_ADDRESS']) delete process.env[variable];
  const absent = { kind: 'unsupported', message: /driver: "systemd": this host was not booted with systemd/ };
  await assert.rejects(run(['true'], { driver: 'systemd' }), absent);
  await assert.rejects(Cgroup.create(name(), { driver: 'systemd' }), absent);
  await assert.rejects(run(['true'], { unit: 'u' }), { kind: 'unsupported', message: /unit: this host was not booted/ });
});

test('what no host could do', async () => {
  for (const [options, message] of [
    [{ driver: 'cgroupfs', slice: 'a.slice' }, 'slice: is for systemd, and driver is "cgroupfs"'],
    [{ cgroup: 'none', unit: 'u' }, 'unit: is for the job\'s cgroup, and cgroup is "none"'],
    [{ slice: 'foo--bar.slice' }, 'slice: "foo--bar.slice": has an empty part'],
    [{ unit: 'a/b' }, 'unit: "a/b": holds \'/\''],
    [{ driver: 'runc' }, 'driver: unknown word `runc`, expected one of `auto`, `cgroupfs`, `systemd`'],
    [{ slice: 5 }, 'slice: invalid type'],
  ]) {
    await assert.rejects(run(['true'], options), (error) => error.kind === 'invalid_spec' && error.message.includes(message));
  }
  for (const [options, message] of [
    [{ slice: 'a.slice' }, /slice: is for systemd/],
    [{ driver: 'runc' }, /driver: unknown word `runc`/],
    [{ slice: 5 }, /slice: invalid type/],
  ]) {
    await assert.rejects(Cgroup.create(name(), options), { kind: 'invalid_spec', message });
  }
});

tidy('a group of another driver has no unit', async (context) => {
  const own = Cgroup.own();
  assert.equal(own.unit, null);
  own.close();
  await withGroup(context, [], async (group) => assert.equal(group.unit, null));
});
