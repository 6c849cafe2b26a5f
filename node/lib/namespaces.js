// What is asked about namespaces at large, and about processes by their numbers.

'use strict';

const check = require('./check');
const { later, translated } = require('./errors');
const { kHandle } = require('./handle');
const { Namespace } = require('./namespace');
const { native } = require('./native');
const wire = require('./wire');

async function plain(type, question) {
  return wire.fromWire(JSON.parse(await later(() => question(native()))), type);
}

function namespaceKinds() {
  const facts = JSON.parse(translated(() => native().nsKinds()));
  return facts.map((fact) => Object.freeze(fact));
}

const listNamespaces = async () => plain('NamespaceEntry', (addon) => addon.nsList());

const namespaceTree = async () => plain('TreeNode', (addon) => addon.nsTree());

const persistedNamespaces = async () => plain('Persisted', (addon) => addon.nsPersisted());

async function unpersist(path) {
  const bytes = check.path(path);
  await later(() => native().nsUnpersist(bytes));
}

async function unpersistName(name) {
  check.text(name, 'name');
  await later(() => native().nsUnpersistName(name));
}

/** What lies between two namespaces; one that is not named is the calling thread's own. */
function between(kind, given, use) {
  const own = [];
  const handle = (name) => {
    const value = given?.[name];
    if (value !== undefined && !(value instanceof Namespace)) throw check.wrong(name, value, 'no Namespace');
    if (value === undefined) own.push(Namespace.ofThread(kind));
    return (value ?? own.at(-1))[kHandle];
  };
  try {
    return use(handle('from'), handle('to'));
  } finally {
    // What is under way has its own.
    for (const one of own) one.close();
  }
}

function translatePid(pid, given) {
  check.integer(pid, 'pid');
  return between('pid', given, (from, to) => translated(() => native().nsTranslatePid(pid, from, to)));
}

async function translateId(which, id, given) {
  check.id(id, which);
  return between('user', given, (from, to) => later(() => native().nsTranslateId(which, id, from, to)));
}

const translateUid = async (uid, given) => translateId('uid', uid, given);

const translateGid = async (gid, given) => translateId('gid', gid, given);

async function processesIn(namespace) {
  if (!(namespace instanceof Namespace)) throw check.wrong('namespace', namespace, 'no Namespace');
  return namespace.processes();
}

async function idMapsOf(pid) {
  check.integer(pid, 'pid');
  return plain('IdMaps', (addon) => addon.nsIdMaps(pid));
}

async function writeIdMaps(pid, { uid = [], gid = [], setgroups = false, ...rest } = {}) {
  check.integer(pid, 'pid');
  for (const name of Object.keys(rest)) throw check.wrong('id maps', name, 'unknown; expected uid, gid, setgroups');
  if (typeof setgroups !== 'boolean') throw check.wrong('setgroups', setgroups, 'neither true nor false');
  const spec = { argv: [], uidMap: uid, gidMap: gid };
  await wire.dumped(spec, (text) => later(() => native().nsWriteIdMaps(pid, text, setgroups)));
}

const subordinateIds = async () => plain('SubordinateIds', (addon) => addon.nsSubordinateIds());

async function cgroupPathsOf(pid) {
  check.integer(pid, 'pid');
  return plain('CgroupPath', (addon) => addon.nsCgroupPaths(pid));
}

async function timeOffsetsOf(pid) {
  check.integer(pid, 'pid');
  return plain('TimeOffsets', (addon) => addon.nsTimeOffsets(pid));
}

async function setTimeOffsets(pid, timeOffsets) {
  check.integer(pid, 'pid');
  const spec = { argv: [], timeOffsets };
  await wire.dumped(spec, (text) => later(() => native().nsSetTimeOffsets(pid, text)));
}

module.exports = {
  cgroupPathsOf,
  idMapsOf,
  listNamespaces,
  namespaceKinds,
  namespaceTree,
  persistedNamespaces,
  processesIn,
  setTimeOffsets,
  subordinateIds,
  timeOffsetsOf,
  translateGid,
  translatePid,
  translateUid,
  unpersist,
  unpersistName,
  writeIdMaps,
};
