// Builds the addon from the repository around this package and puts it beside index.js.
// `npm run build` or `npm run build -- --debug`; needs cargo. Nothing is downloaded but Rust crates.

'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { addonName } = require('../lib/native');

const root = path.resolve(__dirname, '..', '..');
if (!fs.existsSync(path.join(root, 'bindings', 'node', 'Cargo.toml'))) {
  console.error(`${root} is no checkout of libisolate: the addon can only be built there`);
  process.exit(1);
}
const debug = process.argv.includes('--debug');
const args = ['build', '--package', 'libisolate-node', ...(debug ? [] : ['--release'])];
const built = spawnSync('cargo', args, { cwd: root, stdio: 'inherit' });
if (built.error) {
  console.error(`cargo: ${built.error.message}; building the addon needs a Rust toolchain`);
  process.exit(1);
}
if (built.status !== 0) process.exit(built.status ?? 1);
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
const library = path.join(target, debug ? 'debug' : 'release', 'liblibisolate_node.so');
const addon = path.join(__dirname, '..', addonName());
// Under a new name first: a running process may have the old file mapped.
fs.copyFileSync(library, `${addon}.new`);
// Nine tenths of it are line tables. Without strip it is only larger.
if (!debug) spawnSync('strip', ['--strip-debug', `${addon}.new`], { stdio: 'ignore' });
fs.renameSync(`${addon}.new`, addon);
