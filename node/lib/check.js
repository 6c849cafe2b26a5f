// Arguments of the calls on namespaces and cgroups: what has no place in the addon's types is refused here, by
// name.

'use strict';

const { fileURLToPath } = require('node:url');
const { inspect } = require('node:util');
const { IsolateError } = require('./errors');

/** The checks of one stage. */
function of(stage) {
  const wrong = (name, value, what) => IsolateError.invalid(name, `${inspect(value)} is ${what}`, stage);

  function integer(value, name, least = -(2 ** 31), most = 2 ** 31 - 1) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw wrong(name, value, `no whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** A user or group id. */
  const id = (value, name) => integer(value, name, 0, 2 ** 32 - 1);

  function text(value, name) {
    if (typeof value !== 'string') throw wrong(name, value, 'no text');
    return value;
  }

  function bool(value, name) {
    if (typeof value !== 'boolean') throw wrong(name, value, 'neither true nor false');
    return value;
  }

  /** A length of time in milliseconds. */
  function milliseconds(value, name) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw wrong(name, value, 'no number of milliseconds');
    return value;
  }

  /** One word or several, as a list. */
  function words(value, name) {
    const list = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(list)) throw wrong(name, value, `no list of ${name}`);
    return list.map((word) => text(word, name));
  }

  const kinds = (value) => words(value, 'kinds');

  /** A path as bytes. */
  function path(value, name = 'path') {
    if (typeof value === 'string') return Buffer.from(value);
    if (value instanceof URL) return Buffer.from(fileURLToPath(value));
    if (value instanceof Uint8Array) return Buffer.from(value);
    throw wrong(name, value, 'no path');
  }

  /** A descriptor: its number, or what has one. */
  const descriptor = (value, name) => integer(typeof value?.fd === 'number' ? value.fd : value, name);

  return { bool, descriptor, id, integer, kinds, milliseconds, path, text, words, wrong };
}

module.exports = { ...of('namespace'), of };
