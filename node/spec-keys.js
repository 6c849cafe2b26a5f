// The keys of a spec, of an outcome, and of what is told of namespaces: in JavaScript, on the wire, and what
// a value is made of.
// Made by `cargo xtask codegen` from the Rust types; not to be edited.

'use strict';

// name: [wire name, 'ms' for a length of time in milliseconds (seconds on the wire), 'map' for an object whose
// keys are data, 'bytes' for text that need not be UTF-8, or the value's type]
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
