// Runs the spec in a JSON file and prints one line: how the job ended, or the error that kept it from starting.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { IsolateError, run, specFromJson } from '../../node/index.mjs';

const line = { reason: null, exit_code: null, signal: null, stdout: null, error_kind: null, error: null };
try {
  const outcome = await run(specFromJson(readFileSync(process.argv[2], 'utf8')));
  line.reason = outcome.reason;
  line.exit_code = outcome.exitCode;
  line.signal = outcome.signal;
  if (outcome.stdout !== null) {
    const text = isUtf8(outcome.stdout);
    line.stdout = text ? outcome.stdout.toString() : { base64: outcome.stdout.toString('base64') };
  }
} catch (error) {
  if (!(error instanceof IsolateError)) throw error;
  line.error_kind = error.kind;
  line.error = error.message;
}
console.log(JSON.stringify(line));
