// Arguments of the namespace calls: what has no place in the addon's types is refused here, by name.

'use strict';

const { fileURLToPath } = require('node:url');
const { inspect } = require('node:util');
const { IsolateError } = require('./errors');

const wrong = (name, value, what) => IsolateError.invalid(name, `${inspect(value)} is ${what}`, 'namespace');

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

/** One kind or several, as a list. */
function kinds(value) {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list)) throw wrong('kinds', value, 'no list of kinds');
  return list.map((kind) => text(kind, 'kinds'));
}

/** A path as bytes. */
function path(value, name = 'path') {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof URL) return Buffer.from(fileURLToPath(value));
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw wrong(name, value, 'no path');
}

/** A descriptor: its number, or what has one. */
const descriptor = (value, name) => integer(typeof value?.fd === 'number' ? value.fd : value, name);

module.exports = { descriptor, id, integer, kinds, path, text, wrong };
