// libisolate for `import`: the same objects as `require('libisolate')`.

import libisolate from './index.js';

export const { run, spawn, Job, IsolateError, AbortError, specFromJson, doctor, host, moveToLeaf, version } = libisolate;
export const { Cgroup, Events, convert } = libisolate;
export const { Namespace, NamespaceSet, createNamespaces, namespaceKinds } = libisolate;
export const { runInside, enterThread, enterThreadPidfd, unshareThread } = libisolate;
export const { listNamespaces, namespaceTree, processesIn } = libisolate;
export const { persistedNamespaces, unpersist, unpersistName } = libisolate;
export const { translatePid, translateUid, translateGid, idMapsOf, writeIdMaps, subordinateIds } = libisolate;
export const { cgroupPathsOf, timeOffsetsOf, setTimeOffsets } = libisolate;
export default libisolate;
