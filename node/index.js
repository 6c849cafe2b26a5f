// libisolate for CommonJS. Each name on a line of its own, so that import { run } finds them too.

'use strict';

const { AbortError, IsolateError, translated } = require('./lib/errors');
const { Job } = require('./lib/job');
const { native } = require('./lib/native');
const { run, spawn } = require('./lib/run');
const { specFromJson } = require('./lib/wire');

exports.run = run;
exports.spawn = spawn;
exports.Job = Job;
exports.IsolateError = IsolateError;
exports.AbortError = AbortError;
exports.specFromJson = specFromJson;
exports.host = () => JSON.parse(translated(() => native().host()));
exports.moveToLeaf = () => translated(() => native().moveToLeaf());
exports.version = require('./package.json').version;
