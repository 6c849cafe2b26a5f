#!/usr/bin/env node
// The command isolatectl: `npx libisolate run -- ls`.

'use strict';

const { native } = require('../lib/native');

process.exitCode = native().cliMain(['isolatectl', ...process.argv.slice(2)]);
