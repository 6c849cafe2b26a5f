// A user's file for `tsc --strict`: what it says about types must hold, and what is marked must be wrong.

import { createServer } from 'node:net';
import { run, spawn, doctor, host, specFromJson, IsolateError, type Diagnosis, type Outcome, type Job, type Spec, type Reason } from 'libisolate';
import {
  Namespace, NamespaceSet, createNamespaces, namespaceKinds, runInside, enterThread, unshareThread, listNamespaces,
  namespaceTree, persistedNamespaces, processesIn, translatePid, translateUid, idMapsOf, writeIdMaps,
  subordinateIds, cgroupPathsOf, timeOffsetsOf, setTimeOffsets, type NamespaceKind, type Process, type IdMaps,
} from 'libisolate';

import { Cgroup, convert, type CgroupEventKind, type Driver, type Enforced, type MemoryStat } from 'libisolate';

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
  await run(['x'], {
    limits: {
      io: [{ device: '/dev/sda', readBps: '1M', latencyMs: 10 }], devices: [{ allow: false, device: 'a' }],
      netPriorities: { '*': 3 }, hugetlb: { '2MB': '4M' }, rdma: [{ device: 'mlx5_0', handles: 2 }],
      cpusetPartition: 'isolated', cpuPeriodMs: 20, files: { 'memory.swap.high': 'max' },
    },
  });
  // @ts-expect-error: no such partition
  await run(['x'], { limits: { cpusetPartition: 'owner' } });
  // @ts-expect-error: a disk's limit names the disk
  await run(['x'], { limits: { io: [{ readBps: 1 }] } });
  // @ts-expect-error: no such option
  await run(['x'], { memroy: 1 });
  // @ts-expect-error: times are in milliseconds, under another name
  await run(['x'], { timeout: 60 });
  // @ts-expect-error: no such network
  await run(['x'], { net: 'everything' });
}

export async function useNamespaces(job: Job): Promise<void> {
  const kind: NamespaceKind = 'net';
  using own = Namespace.ofThread(kind);
  console.log(own.fd satisfies number, own.id.device, own.inode, own.kernelId satisfies number, own.equals(job.namespace('net')));
  await using set: NamespaceSet = await createNamespaces(['net', 'user'], {
    hostname: 'x',
    timeOffsets: { monotonicMs: 5 },
    uidMap: [{ inside: 0, outside: 0, count: 1 }],
    namespaces: { user: own },
  });
  const net: Namespace | null = set.get('net');
  if (net === null) return;
  const sum: number = await net.run((a: number, b: number) => a + b, 1, 2);
  const text: string = await runInside([net], async (name: string) => name.toUpperCase(), 'x');
  const listening: number = await net.run(() => createServer());
  const nothing: void = await runInside(set, () => {});
  console.log(sum, text, listening, nothing, (await net.socket({ type: 'dgram' })) satisfies number);
  await run(['true'], { namespaces: { net, uts: { path: '/x' }, ipc: { fd: 3 }, pid: 'new' } });
  await run(['true'], { namespaces: set });
  const within: Job<string> = await job.exec(['ps'], { stdout: 'pipe', encoding: 'utf8' });
  const processes: Process[] = await within.processes();
  console.log(processes[0]?.inside, await processesIn(net), translatePid(1, { from: net }), await translateUid(0, { to: net }));
  for (const entry of await listNamespaces()) {
    for (const pin of entry.pins) if (pin.type === 'mount') console.log(pin.path satisfies string | Buffer, pin.pid);
  }
  const maps: IdMaps = await idMapsOf(1);
  await writeIdMaps(1, maps);
  await writeIdMaps(1, { uid: [{ inside: 0, outside: 1, count: 1 }] });
  await setTimeOffsets(1, await timeOffsetsOf(1));
  console.log((await namespaceTree())[0]?.children[0]?.entry.kind, (await persistedNamespaces())[0]?.path, (await subordinateIds()).uid[0]?.[1]);
  console.log((await cgroupPathsOf(1))[0]?.controllers, namespaceKinds()[0]?.flag, [...set].length);
  unshareThread(['net', 'mnt']);
  enterThread(set);
  // @ts-expect-error: no such kind
  Namespace.ofThread('mount');
  // @ts-expect-error: it is made by its static functions
  new Namespace();
  // @ts-expect-error: an argument of another type
  await net.run((a: number) => a, 'x');
  // @ts-expect-error: settings are those of namespaces alone
  await createNamespaces('net', { cwd: '/' });
}

export async function useDoctor(): Promise<void> {
  const diagnosis: Diagnosis = await doctor();
  for (const check of diagnosis.checks) {
    const remedy: string | null = check.remedy;
    console.log(check.area satisfies string, check.status === 'fails', remedy);
    // @ts-expect-error: no such status
    check.status === 'broken';
  }
}

export async function useSystemd(driver: Driver): Promise<void> {
  await run(['x'], { driver, slice: 'a-b.slice', unit: 'u' });
  await using group = await Cgroup.create('batch', { driver: 'systemd', slice: 'a-b.slice' });
  const unit: string | null = group.unit;
  console.log(unit);
  // @ts-expect-error: no such driver
  await Cgroup.create('batch', { driver: 'runc' });
}

export async function useCgroups(): Promise<void> {
  await using group = await Cgroup.create('batch', { controllers: ['memory'] });
  const rows: Readonly<Record<string, Enforced>> = await group.apply({ memory: '1G', cpus: 0.5, cpuPeriodMs: 50 });
  const limit: number | null = await group.setMemory('limit', null);
  const memory: MemoryStat | null = (await group.stat(['memory', 'cpu'])).memory;
  console.log(rows['memory']?.value, limit, memory?.stat['anon'], memory?.oomKills, await group.processes({ recursive: true }));
  for await (const event of group.events(['oom', { threshold: { bytes: '8M' } }, { pressure: { resource: 'cpu', stallUsec: 1, windowUsec: 2 } }])) {
    const kind: CgroupEventKind = event.kind;
    console.log(kind, event.count satisfies number, event.detail satisfies string | null);
  }
  const weight: number = convert.sharesToWeight(1024, 'linear');
  const job = await spawn(['x'], { limits: { memory: '1G' } });
  console.log(weight, (await job.update({ memory: '2G' }))['memory']?.value, job.cgroup().path, (await group.explainDevice('/dev/null')).allowed);
  // @ts-expect-error: no such part
  await group.stat('all');
  // @ts-expect-error: no such watch
  group.events('ooom');
  // @ts-expect-error: no such limit
  await group.apply({ memroy: 1 });
  // @ts-expect-error: no such rule
  convert.sharesToWeight(1, 'x');
}
