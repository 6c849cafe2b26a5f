// Runs the specs in JSON files, whose paths come on stdin, and prints a line of JSON for each: how the job
// ended, or the error that kept it from starting. A path after the word "steps" is of a list of calls.
//
// With --options the spec goes in as the options of run() instead of text.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { IsolateError, run, specFromJson } from '../../node/index.mjs';
import { results } from './steps.mjs';
import { camel } from './wire.mjs';

const options = process.argv.includes('--options');

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
  const steps = path.match(/^steps (.*)/)?.[1];
  const answer = steps ? await results(JSON.parse(readFileSync(steps, 'utf8'))) : await line(readFileSync(path, 'utf8'));
  console.log(JSON.stringify(answer));
}
