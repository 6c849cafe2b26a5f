// libisolate for `import`: the same objects as `require('libisolate')`.

import libisolate from './index.js';

export const { run, spawn, Job, IsolateError, AbortError, specFromJson, host, moveToLeaf, version } = libisolate;
export default libisolate;
