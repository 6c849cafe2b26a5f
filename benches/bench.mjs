// Times runs of a spec from Node, for `make bench`: see run.py.
//
//   node bench.mjs SPEC.json

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

import { run, specFromJson } from '../node/index.mjs';

const spec = specFromJson(readFileSync(process.argv[2], 'utf8'));
for await (const line of createInterface({ input: process.stdin })) {
  const [count, gap] = line.split(' ').map(Number);
  const times = [];
  for (let n = 0; n < count; n += 1) {
    if (gap > 0) await setTimeout(gap / 1000);
    const start = process.hrtime.bigint();
    const outcome = await run(spec);
    times.push(Number(process.hrtime.bigint() - start) / 1000);
    if (outcome.exitCode !== 0) throw new Error(outcome.evidence);
  }
  console.log(times.join(' '));
}
