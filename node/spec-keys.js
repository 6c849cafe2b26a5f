// The keys of a spec, of an outcome, and of what is told of namespaces and cgroups: in JavaScript, on the
// wire, and what a value is made of.
// Made by `cargo xtask codegen` from the Rust types; not to be edited.

'use strict';

// name: [wire name, 'ms' for a length of time in milliseconds (seconds on the wire), 'map' for an object whose
// keys are data, 'bytes' for text that need not be UTF-8, or the value's type; 'map', the type of its values]
// A type that is one of several: { $tag: the key with the word that tells which, word: its type }

exports.Spec = {
  argv: ['argv'],
  profile: ['profile'],
  env: ['env', 'map'],
  keepEnv: ['keep_env'],
  cwd: ['cwd'],
  uid: ['uid'],
  gid: ['gid'],
  groups: ['groups'],
  hostname: ['hostname'],
  domainname: ['domainname'],
  namespaces: ['namespaces', 'Namespaces'],
  uidMap: ['uid_map', 'IdMap'],
  gidMap: ['gid_map', 'IdMap'],
  timeOffsets: ['time_offsets', 'TimeOffsets'],
  sysctls: ['sysctls', 'map'],
  net: ['net'],
  root: ['root', 'Root'],
  binds: ['binds', 'Bind'],
  tmpfs: ['tmpfs', 'Tmpfs'],
  stdin: ['stdin', 'Stdio'],
  stdout: ['stdout', 'Stdio'],
  stderr: ['stderr', 'Stdio'],
  keepFds: ['keep_fds'],
  limits: ['limits', 'Limits'],
  timeoutMs: ['timeout', 'ms'],
  cgroup: ['cgroup'],
  driver: ['driver'],
  slice: ['slice'],
  unit: ['unit'],
  capabilities: ['capabilities'],
  noNewPrivs: ['no_new_privs'],
  seccomp: ['seccomp'],
  newSession: ['new_session'],
  umask: ['umask'],
  init: ['init'],
};

exports.Namespaces = {
  cgroup: ['cgroup', 'NamespaceMode'],
  ipc: ['ipc', 'NamespaceMode'],
  net: ['net', 'NamespaceMode'],
  mnt: ['mnt', 'NamespaceMode'],
  pid: ['pid', 'NamespaceMode'],
  time: ['time', 'NamespaceMode'],
  user: ['user', 'NamespaceMode'],
  uts: ['uts', 'NamespaceMode'],
};

exports.IdMap = {
  inside: ['inside'],
  outside: ['outside'],
  count: ['count'],
};

exports.TimeOffsets = {
  monotonicMs: ['monotonic', 'ms'],
  boottimeMs: ['boottime', 'ms'],
};

exports.Root = {
  dir: ['dir', 'RootDir'],
};

exports.RootDir = {
  path: ['path'],
  rw: ['rw'],
};

exports.Bind = {
  source: ['source'],
  dest: ['dest'],
  rw: ['rw'],
  bestEffort: ['best_effort'],
};

exports.Tmpfs = {
  dest: ['dest'],
  size: ['size'],
  inodes: ['inodes'],
  mode: ['mode'],
};

exports.Stdio = {
  file: ['file', 'StdioFile'],
};

exports.StdioFile = {
  path: ['path'],
  append: ['append'],
};

exports.Limits = {
  memory: ['memory'],
  memoryHigh: ['memory_high'],
  memoryLow: ['memory_low'],
  memoryMin: ['memory_min'],
  swap: ['swap'],
  swappiness: ['swappiness'],
  oomGroup: ['oom_group'],
  oomPause: ['oom_pause'],
  pids: ['pids'],
  cpus: ['cpus'],
  cpuPeriodMs: ['cpu_period', 'ms'],
  cpuBurstMs: ['cpu_burst', 'ms'],
  cpuWeight: ['cpu_weight'],
  cpuIdle: ['cpu_idle'],
  cpuRtRuntimeMs: ['cpu_rt_runtime', 'ms'],
  cpuRtPeriodMs: ['cpu_rt_period', 'ms'],
  cpuset: ['cpuset'],
  cpusetMems: ['cpuset_mems'],
  cpusetExclusive: ['cpuset_exclusive'],
  cpusetPartition: ['cpuset_partition'],
  io: ['io', 'IoLimit'],
  ioWeight: ['io_weight'],
  devices: ['devices', 'DeviceRule'],
  netClass: ['net_class'],
  netPriorities: ['net_priorities', 'map'],
  hugetlb: ['hugetlb', 'map'],
  rdma: ['rdma', 'RdmaLimit'],
  misc: ['misc', 'map'],
  files: ['files', 'map'],
  cpuTimeMs: ['cpu_time', 'ms'],
  output: ['output'],
  rlimits: ['rlimits', 'map'],
  bestEffort: ['best_effort'],
};

exports.IoLimit = {
  device: ['device'],
  readBps: ['read_bps'],
  writeBps: ['write_bps'],
  readIops: ['read_iops'],
  writeIops: ['write_iops'],
  weight: ['weight'],
  latencyMs: ['latency', 'ms'],
};

exports.DeviceRule = {
  allow: ['allow'],
  device: ['device'],
  access: ['access'],
};

exports.RdmaLimit = {
  device: ['device'],
  handles: ['handles'],
  objects: ['objects'],
};

exports.Outcome = {
  reason: ['reason'],
  exitCode: ['exit_code'],
  signal: ['signal'],
  evidence: ['evidence'],
  usage: ['usage', 'Usage'],
  stdout: ['stdout'],
  stderr: ['stderr'],
  stdoutCut: ['stdout_cut'],
  stderrCut: ['stderr_cut'],
  pid: ['pid'],
  namespaces: ['namespaces', 'map'],
  enforcement: ['enforcement', 'Enforced'],
};

exports.Usage = {
  wallTimeMs: ['wall_time', 'ms'],
  cpuTimeMs: ['cpu_time', 'ms'],
  userTimeMs: ['user_time', 'ms'],
  systemTimeMs: ['system_time', 'ms'],
  maxRss: ['max_rss'],
  memoryPeak: ['memory_peak'],
  oomKills: ['oom_kills'],
  pidsPeak: ['pids_peak'],
  pidsDenied: ['pids_denied'],
  throttledTimeMs: ['throttled_time', 'ms'],
  ioRead: ['io_read'],
  ioWritten: ['io_written'],
};

exports.Enforced = {
  name: ['name'],
  requested: ['requested'],
  status: ['status'],
  file: ['file'],
  value: ['value'],
  reason: ['reason'],
};

exports.IdMaps = {
  uid: ['uid', 'IdMap'],
  gid: ['gid', 'IdMap'],
  setgroups: ['setgroups'],
};

exports.NamespaceId = {
  device: ['device'],
  inode: ['inode'],
};

exports.MountInfo = {
  id: ['id'],
  mounts: ['mounts'],
};

exports.CgroupPath = {
  hierarchy: ['hierarchy'],
  controllers: ['controllers'],
  path: ['path'],
};

exports.NamespaceEntry = {
  kind: ['kind'],
  id: ['id', 'NamespaceId'],
  kernelId: ['kernel_id'],
  initial: ['initial'],
  ownerUid: ['owner_uid'],
  owner: ['owner'],
  parent: ['parent'],
  processes: ['processes'],
  pid: ['pid'],
  command: ['command'],
  pins: ['pins', 'Pin'],
};

exports.ProcessPin = {
  type: ['type'],
  pid: ['pid'],
};

exports.ThreadPin = {
  type: ['type'],
  pid: ['pid'],
  tid: ['tid'],
};

exports.ForChildrenPin = {
  type: ['type'],
  pid: ['pid'],
};

exports.MountPin = {
  type: ['type'],
  path: ['path', 'bytes'],
  pid: ['pid'],
};

exports.FdPin = {
  type: ['type'],
  pid: ['pid'],
  fd: ['fd'],
};

exports.ChildPin = {
  type: ['type'],
  inode: ['inode'],
};

exports.Pin = {
  $tag: 'type',
  process: 'ProcessPin',
  thread: 'ThreadPin',
  for_children: 'ForChildrenPin',
  mount: 'MountPin',
  fd: 'FdPin',
  child: 'ChildPin',
};

exports.TreeNode = {
  entry: ['entry', 'NamespaceEntry'],
  children: ['children', 'TreeNode'],
};

exports.Persisted = {
  path: ['path', 'bytes'],
  kind: ['kind'],
  id: ['id', 'NamespaceId'],
};

exports.Process = {
  pid: ['pid'],
  inside: ['inside'],
  name: ['name'],
};

exports.SubordinateIds = {
  uid: ['uid'],
  gid: ['gid'],
};

exports.ThresholdWatch = {
  bytes: ['bytes'],
  memsw: ['memsw'],
};

exports.PressureWatch = {
  resource: ['resource'],
  full: ['full'],
  stallUsec: ['stall_usec'],
  windowUsec: ['window_usec'],
};

exports.PressureLevelWatch = {
  level: ['level'],
  mode: ['mode'],
};

exports.Watch = {
  threshold: ['threshold', 'ThresholdWatch'],
  pressure: ['pressure', 'PressureWatch'],
  pressureLevel: ['pressure_level', 'PressureLevelWatch'],
};

exports.CgroupPlace = {
  version: ['version'],
  controllers: ['controllers'],
  name: ['name'],
  path: ['path', 'bytes'],
};

exports.Stat = {
  cpu: ['cpu', 'CpuStat'],
  memory: ['memory', 'MemoryStat'],
  io: ['io', 'IoStat'],
  pids: ['pids', 'PidsStat'],
  pressure: ['pressure', 'PressureStat'],
  hugetlb: ['hugetlb', 'map', 'HugetlbStat'],
  rdma: ['rdma', 'map', 'RdmaStat'],
  misc: ['misc', 'map', 'MiscStat'],
};

exports.CpuStat = {
  usageUsec: ['usage_usec'],
  userUsec: ['user_usec'],
  systemUsec: ['system_usec'],
  nrPeriods: ['nr_periods'],
  nrThrottled: ['nr_throttled'],
  throttledUsec: ['throttled_usec'],
  nrBursts: ['nr_bursts'],
  burstUsec: ['burst_usec'],
  perCpuUsec: ['per_cpu_usec'],
  other: ['other', 'map'],
};

exports.MemoryStat = {
  current: ['current'],
  peak: ['peak'],
  limit: ['limit'],
  swapCurrent: ['swap_current'],
  swapPeak: ['swap_peak'],
  swapLimit: ['swap_limit'],
  failcnt: ['failcnt'],
  oomKills: ['oom_kills'],
  underOom: ['under_oom'],
  events: ['events', 'map'],
  stat: ['stat', 'map'],
};

exports.IoStat = {
  device: ['device'],
  rbytes: ['rbytes'],
  wbytes: ['wbytes'],
  rios: ['rios'],
  wios: ['wios'],
  dbytes: ['dbytes'],
  dios: ['dios'],
  other: ['other', 'map'],
};

exports.PidsStat = {
  current: ['current'],
  peak: ['peak'],
  limit: ['limit'],
  denied: ['denied'],
};

exports.PressureStat = {
  cpu: ['cpu', 'Pressure'],
  memory: ['memory', 'Pressure'],
  io: ['io', 'Pressure'],
};

exports.Pressure = {
  some: ['some', 'Stalls'],
  full: ['full', 'Stalls'],
};

exports.Stalls = {
  avg10: ['avg10'],
  avg60: ['avg60'],
  avg300: ['avg300'],
  totalUsec: ['total_usec'],
};

exports.HugetlbStat = {
  current: ['current'],
  peak: ['peak'],
  limit: ['limit'],
  failcnt: ['failcnt'],
};

exports.RdmaStat = {
  handles: ['handles'],
  objects: ['objects'],
  handlesLimit: ['handles_limit'],
  objectsLimit: ['objects_limit'],
};

exports.MiscStat = {
  current: ['current'],
  peak: ['peak'],
  limit: ['limit'],
  denied: ['denied'],
};

exports.CgroupEvent = {
  kind: ['kind'],
  watch: ['watch'],
  file: ['file'],
  count: ['count'],
  value: ['value'],
  detail: ['detail'],
};

exports.OomControl = {
  paused: ['paused'],
  underOom: ['under_oom'],
  kills: ['kills'],
};

exports.DeviceExplanation = {
  allowed: ['allowed'],
  rule: ['rule'],
  reason: ['reason'],
};

exports.Diagnosis = {
  ready: ['ready'],
  checks: ['checks', 'Check'],
};

exports.Check = {
  area: ['area'],
  name: ['name'],
  status: ['status'],
  needed: ['needed'],
  found: ['found'],
  reason: ['reason'],
  remedy: ['remedy'],
};
