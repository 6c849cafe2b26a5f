'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const test = require('node:test');
const { doctor } = require('..');

test('what the doctor finds', async () => {
  const { ready, checks } = await doctor();
  // The jobs of all other tests run here.
  assert.equal(ready, true);
  const areas = [...new Set(checks.map((check) => check.area))];
  assert.deepEqual(areas, ['kernel', 'proc', 'namespaces', 'ids', 'cgroups', 'systemd', 'jobs']);
  for (const check of checks) {
    assert.deepEqual(Object.keys(check), ['area', 'name', 'status', 'needed', 'found', 'reason', 'remedy']);
    assert.equal(check.reason === null, check.status === 'works', JSON.stringify(check));
  }
  const named = new Map(checks.map((check) => [check.name, check]));
  assert.equal(named.get('default job').status, 'works');
  assert.ok(named.get('release').found.includes(os.release()));
  assert.ok(named.get('uts').found.includes(fs.readlinkSync('/proc/self/ns/uts')));
});

test('the event loop goes on meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => { turns += 1; }, 0);
  await Promise.all([doctor(), doctor(), doctor()]);
  clearInterval(timer);
  assert.ok(turns > 0);
});
