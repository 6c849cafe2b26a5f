// Runs the specs in JSON files, whose paths come on stdin, and prints a line of JSON for each: how the job
// ended, or the error that kept it from starting.
//
// With --options the spec goes in as the options of run() instead of text.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { IsolateError, run, specFromJson } from '../../node/index.mjs';

const keys = createRequire(import.meta.url)('../../node/spec-keys.js');
const options = process.argv.includes('--options');

/** The options that a JavaScript program would write for a spec: camelCase, milliseconds. */
function camel(value, type) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => camel(item, type));
  const table = Object.entries(keys[type] ?? {});
  return Object.fromEntries(Object.entries(value).map(([wire, item]) => {
    const [key, [, kind]] = table.find(([, [name]]) => name === wire) ?? [wire, [wire]];
    return [key, kind === 'ms' && typeof item === 'number' ? item * 1000 : camel(item, kind)];
  }));
}

function plain(bytes) {
  if (bytes === null || isUtf8(bytes)) return bytes?.toString() ?? null;
  return { base64: bytes.toString('base64') };
}

async function line(text) {
  try {
    const out = await run(options ? camel(JSON.parse(text), 'Spec') : specFromJson(text));
    return {
      reason: out.reason,
      exit_code: out.exitCode,
      signal: out.signal,
      stdout: plain(out.stdout),
      stderr: plain(out.stderr),
      stdout_cut: out.stdoutCut,
      stderr_cut: out.stderrCut,
      shell_status: out.shellStatus,
      error_kind: null,
      error: null,
      stage: null,
      subject: null,
      errno: null,
    };
  } catch (error) {
    if (!(error instanceof IsolateError)) throw error;
    return {
      reason: null,
      exit_code: null,
      signal: null,
      stdout: null,
      stderr: null,
      stdout_cut: null,
      stderr_cut: null,
      shell_status: null,
      error_kind: error.kind,
      error: error.message,
      stage: error.stage,
      subject: error.subject,
      errno: error.errno,
    };
  }
}

for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await line(readFileSync(path, 'utf8'))));
}
