// The calls on cgroups, and conversions, for lists of calls.

import * as iso from '../../node/index.mjs';
import { camel, snake } from './wire.mjs';

const { Cgroup, convert } = iso;

/** As the wire has it, where what is absent is left out. */
const present = (value, type) => without(snake(value, type));

function without(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(without);
  const known = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(known.map(([key, item]) => [key, without(item)]));
}

/** A snapshot leaves out the maps of plain values that are empty. */
function stat(value) {
  const told = present(value, 'Stat');
  for (const part of [told.cpu, told.memory, ...(told.io ?? [])]) {
    for (const key of ['other', 'events', 'stat']) {
      if (part?.[key] !== undefined && Object.keys(part[key]).length === 0) delete part[key];
    }
  }
  return told;
}

/** A method of a group, with the arguments that the step names. */
const of = (method, ...names) => async (run, step) => {
  const given = names.filter((name) => Object.hasOwn(step, name)).map((name) => run.value(step[name]));
  return run.get(step.of)[method](...given);
};

const told = (call, type) => async (run, step) => snake(await call(run, step), type);

const ids = (method, name) => (run, step) => run.get(step.of)[method](step[name].map((number) => run.value(number)));
const members = (method) => (run, step) => run.get(step.of)[method]({ recursive: step.recursive ?? false });
const patient = (method) => (run, step) =>
  run.get(step.of)[method](step.timeout === undefined ? {} : { timeoutMs: step.timeout * 1000 });
const limits = (method) => async (run, step) =>
  snake(Object.values(await run.get(step.of)[method](camel(step.limits, 'Limits'))), 'Enforced');
const converted = (convert, ...names) => (run, step) =>
  convert(...names.filter((name) => Object.hasOwn(step, name)).map((name) => step[name]));

async function wait(run, step) {
  const { value } = await run.get(step.of).next();
  return value === undefined ? null : present(value, 'CgroupEvent');
}

export const CALLS = {
  cgroup_create: (run, { name, parent, controllers, driver, slice }) =>
    Cgroup.create(name, { parent, controllers, driver, slice }),
  cgroup_open: (run, s) => Cgroup.open(s.path),
  cgroup_own: () => Cgroup.own(),
  cgroup_of_process: (run, s) => Cgroup.ofProcess(run.value(s.pid)),
  cgroup_create_child: (run, s) => run.get(s.of).createChild(s.name, { controllers: s.controllers }),
  cgroup_child: of('child', 'name'),
  cgroup_path: (run, s) => run.get(s.of).path,
  cgroup_unit: (run, s) => run.get(s.of).unit,
  cgroup_places: told(of('places'), 'CgroupPlace'),
  cgroup_controllers: of('controllers'),
  cgroup_children: of('children'),
  cgroup_attach: ids('attach', 'pids'),
  cgroup_attach_threads: ids('attachThreads', 'tids'),
  cgroup_processes: members('processes'),
  cgroup_threads: members('threads'),
  cgroup_freeze: patient('freeze'),
  cgroup_thaw: patient('thaw'),
  cgroup_is_frozen: of('isFrozen'),
  cgroup_is_populated: of('isPopulated'),
  cgroup_kill: of('kill'),
  cgroup_remove: of('remove'),
  cgroup_close: of('close'),
  cgroup_delegate: (run, s) => run.get(s.of).delegate({ uid: s.uid, gid: s.gid }),
  cgroup_get: of('get', 'file'),
  cgroup_set: of('set', 'file', 'to'),
  cgroup_apply: limits('apply'),
  cgroup_stat: async (run, s) => stat(await run.get(s.of).stat(s.kinds ?? [])),
  cgroup_events: (run, s) => run.get(s.of).events(camel(s.watches ?? [], 'Watch')),
  cgroup_events_wait: wait,
  cgroup_events_close: of('close'),
  cgroup_memory: of('memory', 'value'),
  cgroup_set_memory: of('setMemory', 'value', 'to'),
  cgroup_reset_memory: of('resetMemory', 'value'),
  cgroup_oom_control: told(of('oomControl'), 'OomControl'),
  cgroup_set_oom_pause: of('setOomPause', 'to'),
  cgroup_reclaim: of('reclaim', 'bytes'),
  cgroup_explain_device: told(of('explainDevice', 'device', 'access'), 'DeviceExplanation'),
  cgroup_notify_on_release: of('notifyOnRelease'),
  cgroup_set_notify_on_release: of('setNotifyOnRelease', 'to'),
  cgroup_release_agent: of('releaseAgent', 'hierarchy'),
  cgroup_set_release_agent: of('setReleaseAgent', 'hierarchy', 'to'),
  job_cgroup: of('cgroup'),
  job_update: limits('update'),
  convert_shares_to_weight: converted(convert.sharesToWeight, 'shares', 'rule'),
  convert_weight_to_shares: converted(convert.weightToShares, 'weight', 'rule'),
  convert_blkio_to_io_weight: converted(convert.blkioToIoWeight, 'weight', 'rule'),
  convert_io_to_blkio_weight: converted(convert.ioToBlkioWeight, 'weight', 'rule'),
  convert_swap_max: converted(convert.swapMax, 'memsw', 'limit'),
  convert_memsw_limit: converted(convert.memswLimit, 'swap', 'limit'),
  convert_cpu_max: converted(convert.cpuMax, 'quota', 'period'),
  convert_quota_of: converted(convert.quotaOf, 'cpus', 'period'),
};
