// Bad input: one typed error each, its text, and nothing left behind.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { run, spawn, IsolateError } = require('..');
const { tidy } = require('./helpers');

const noSuch = 'No such file or directory';

// name, argv and options, expected kind, code, stage, part of the subject, part of the text
const cases = [
  ['unknown option', [['true'], { memroy: 1 }], 'invalid_spec', 'EINVAL', 'spec', 'memroy', 'unknown field `memroy`, expected one of'],
  ['unknown option below', [['true'], { limits: { memroy: 1 } }], 'invalid_spec', 'EINVAL', 'spec', 'limits.memroy', 'unknown field `memroy`'],
  ['a name of the wire', [['true'], { limits: { cpu_time: 1 } }], 'invalid_spec', 'EINVAL', 'spec', 'limits.cpu_time', 'use cpuTimeMs, in milliseconds'],
  ['seconds', [['true'], { timeout: 1000 }], 'invalid_spec', 'EINVAL', 'spec', 'timeout', 'use timeoutMs, in milliseconds'],
  ['unit', [['true'], { limits: { memory: '12Q' } }], 'invalid_spec', 'EINVAL', 'spec', 'limits.memory', 'the unknown suffix "Q"'],
  ['negative', [['true'], { limits: { memory: -1n } }], 'invalid_spec', 'EINVAL', 'spec', 'limits.memory', 'a size must be 0 or more'],
  ['negative time', [['true'], { timeoutMs: -1000 }], 'invalid_spec', 'EINVAL', 'spec', 'timeout', 'a time must be 0 or more'],
  ['no number', [['true'], { timeoutMs: NaN }], 'invalid_spec', 'EINVAL', 'spec', 'timeout', '"nan" is not a time'],
  ['argv is text', ['ls -l'], 'invalid_spec', 'EINVAL', 'spec', 'argv', 'expected a list'],
  ['no argv', [undefined], 'invalid_spec', 'EINVAL', 'spec', '', 'missing field `argv`'],
  ['argv is empty', [[]], 'invalid_spec', 'EINVAL', 'spec', 'argv', ''],
  ['NUL', [['a\0b']], 'invalid_spec', 'EINVAL', 'spec', 'argv[0]', 'NUL'],
  ['no program', [['/no/such']], 'not_found', 'ENOENT', 'exec', '/no/such', noSuch],
  ['no cwd', [['true'], { cwd: '/no/such' }], 'not_found', 'ENOENT', 'cwd', '/no/such', noSuch],
  ['no source', [['true'], { binds: [{ source: '/no/such' }] }], 'not_found', 'ENOENT', null, '/no/such', ''],
  ['no root', [['true'], { root: { dir: { path: '/no/such' } } }], 'not_found', 'ENOENT', null, '/no/such', ''],
  ['not executable', [['/etc/passwd']], 'permission', 'EACCES', 'exec', '/etc/passwd', 'Permission denied'],
  ['argv too long', [['true', 'x'.repeat(1 << 18)]], 'invalid_spec', 'EINVAL', 'spec', 'argv[1]', 'the kernel takes at most'],
];

for (const [name, args, kind, code, stage, subject, text] of cases) {
  tidy(`bad input: ${name}`, async () => {
    await assert.rejects(run(...args), (error) => {
      assert.ok(error instanceof IsolateError && error instanceof Error, String(error));
      assert.deepEqual([error.kind, error.code, error.name], [kind, code, 'IsolateError'], error.message);
      if (stage !== null) assert.equal(error.stage, stage);
      assert.ok(error.subject.includes(subject), error.subject);
      assert.ok(error.message.includes(text), error.message);
      assert.ok(error.errno > 0 && !error.message.includes('\n') && !error.message.endsWith('.'));
      return true;
    });
  });
}

test('options that are none of the spec', async () => {
  await assert.rejects(spawn(['true'], { input: 'x' }), /input is an option of run/);
  await assert.rejects(run(['true'], { encoding: 'klingon' }), /encoding: "klingon" is not known/);
  await assert.rejects(run(['true'], { cwd: () => {} }), /cwd: a function has no place in a spec/);
});
