// A user's file for `tsc --strict`: what it says about types must hold, and what is marked must be wrong.

import { run, spawn, host, specFromJson, IsolateError, type Outcome, type Job, type Spec, type Reason } from 'libisolate';

export async function use(dir: string, signal: AbortSignal): Promise<void> {
  const r: Outcome = await run(['npm', 'test'], {
    binds: [{ source: dir, dest: '/work', rw: true }],
    cwd: '/work',
    limits: { memory: '512M', pids: 64, cpus: 1.5, cpuTimeMs: 1000, output: 1n << 20n },
    timeoutMs: 60_000,
    signal,
    input: Buffer.from('x'),
  });
  const reason: Reason = r.reason;
  const bytes: Buffer | null = r.stdout;
  const peak: number | null = r.usage.memoryPeak;
  const time: number = r.usage.wallTimeMs;
  console.log(reason, bytes, peak, time, r.enforcement['memory']?.status, host(), specFromJson('{}'));
  const text: string | null = (await run({ argv: ['ls'] }, { encoding: 'utf8', captureOutput: true })).stdout;
  console.log(text);
  const job: Job<string> = await spawn(['cat'], { net: 'none', stdin: 'pipe', stdout: process.stdout, stderr: 3, encoding: 'utf8' });
  job.stdin?.end('x');
  job.on('exit', (outcome) => console.log(outcome.exitCode satisfies number | null));
  console.log(job.signal('SIGTERM') satisfies boolean, (await job.wait()).signal);
  await job[Symbol.asyncDispose]();
  const spec: Spec = { argv: [Buffer.from([255])], root: { dir: { path: new URL('file:///x') } } };
  await run(spec).catch((error: unknown) => {
    if (error instanceof IsolateError) console.log(error.kind, error.code, error.errno satisfies number);
  });
  // @ts-expect-error: no such option
  await run(['x'], { memroy: 1 });
  // @ts-expect-error: times are in milliseconds, under another name
  await run(['x'], { timeout: 60 });
  // @ts-expect-error: no such network
  await run(['x'], { net: 'everything' });
}
