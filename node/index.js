// libisolate for CommonJS. Each name on a line of its own, so that import { run } finds them too.

'use strict';

const { Cgroup } = require('./lib/cgroup');
const convert = require('./lib/convert');
const { AbortError, IsolateError, translated } = require('./lib/errors');
const { doctor } = require('./lib/doctor');
const { Events } = require('./lib/events');
const inside = require('./lib/inside');
const { Job } = require('./lib/job');
const { Namespace } = require('./lib/namespace');
const { NamespaceSet, createNamespaces } = require('./lib/namespace-set');
const namespaces = require('./lib/namespaces');
const { native } = require('./lib/native');
const { run, spawn } = require('./lib/run');
const { specFromJson } = require('./lib/wire');

exports.run = run;
exports.spawn = spawn;
exports.Job = Job;
exports.IsolateError = IsolateError;
exports.AbortError = AbortError;
exports.specFromJson = specFromJson;
exports.doctor = doctor;
exports.host = () => JSON.parse(translated(() => native().host()));
exports.moveToLeaf = () => translated(() => native().moveToLeaf());
exports.version = require('./package.json').version;

exports.Cgroup = Cgroup;
exports.Events = Events;
exports.convert = convert;

exports.Namespace = Namespace;
exports.NamespaceSet = NamespaceSet;
exports.createNamespaces = createNamespaces;
exports.namespaceKinds = namespaces.namespaceKinds;
exports.runInside = inside.runInside;
exports.enterThread = inside.enterThread;
exports.enterThreadPidfd = inside.enterThreadPidfd;
exports.unshareThread = inside.unshareThread;
exports.listNamespaces = namespaces.listNamespaces;
exports.namespaceTree = namespaces.namespaceTree;
exports.processesIn = namespaces.processesIn;
exports.persistedNamespaces = namespaces.persistedNamespaces;
exports.unpersist = namespaces.unpersist;
exports.unpersistName = namespaces.unpersistName;
exports.translatePid = namespaces.translatePid;
exports.translateUid = namespaces.translateUid;
exports.translateGid = namespaces.translateGid;
exports.idMapsOf = namespaces.idMapsOf;
exports.writeIdMaps = namespaces.writeIdMaps;
exports.subordinateIds = namespaces.subordinateIds;
exports.cgroupPathsOf = namespaces.cgroupPathsOf;
exports.timeOffsetsOf = namespaces.timeOffsetsOf;
exports.setTimeOffsets = namespaces.setTimeOffsets;
