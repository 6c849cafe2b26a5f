// Finds the native addon. It is built beforehand and never downloaded.

'use strict';

const fs = require('node:fs');
const path = require('node:path');

/** The addon's file name on this machine. */
function addonName() {
  return `libisolate.${process.platform}-${process.arch}.node`;
}

function load() {
  if (process.platform !== 'linux') {
    throw new Error(`libisolate works on Linux only, and this is ${process.platform}`);
  }
  const file = path.join(__dirname, '..', addonName());
  if (!fs.existsSync(file)) {
    throw new Error(
      `libisolate: ${file} does not exist; build it with \`npm run build\` in the node directory of a checkout`,
    );
  }
  return require(file);
}

let addon;

/** The addon, loaded at the first use. */
function native() {
  addon ??= load();
  return addon;
}

module.exports = { addonName, native };
