// Between JavaScript's camelCase and milliseconds and the wire's snake_case and seconds. No rule of a spec
// is checked here: the native library does, with the same text in every language.

'use strict';

const { isUtf8 } = require('node:buffer');
const { constants } = require('node:os');
const { fileURLToPath } = require('node:url');
const keys = require('../spec-keys');
const { IsolateError, translated } = require('./errors');
const { kHandle, kMembers } = require('./handle');
const { native } = require('./native');

const BARE_NUMBER = /^\s*\d+(\.\d*)?\s*$/;

/** The JSON text of a spec, for the time of `use`: the namespaces that it names stay open so long. */
async function dumped(spec, use) {
  const held = [];
  try {
    return await use(JSON.stringify(toWire(spec, 'Spec', '', held)));
  } finally {
    for (const handle of held) handle.close();
  }
}

/** The JSON text of a value other than a spec. */
const plain = (value, type, where) => JSON.stringify(toWire(value, type, where, []));

function toWire(value, type, where, held) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return number(value);
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'object':
      break;
    default:
      throw new TypeError(`${where}: a ${typeof value} has no place in a spec`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item, n) => toWire(item, type, `${where}[${n}]`, held));
  if (value[kHandle] !== undefined) {
    const copy = translated(() => value[kHandle].copy());
    held.push(copy);
    return { fd: copy.fd };
  }
  if (value[kMembers] !== undefined) return toWire(value[kMembers], type, where, held);
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof URL) return fileURLToPath(value);
  const table = keys[type] ?? {};
  const wire = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const path = where === '' ? key : `${where}.${key}`;
    const [name, kind] = entry(table, key, path);
    wire[name] = kind === 'ms' ? seconds(item) : toWire(item, kind, path, held);
  }
  return wire;
}

/** A key that is not known goes on as it is: the library names the alternatives. */
function entry(table, key, path) {
  if (Object.hasOwn(table, key)) return table[key];
  for (const [ours, [wire, kind]] of Object.entries(table)) {
    if (wire !== key) continue;
    const unit = kind === 'ms' ? ', in milliseconds' : '';
    throw IsolateError.invalid(path, `unknown option; use ${ours}${unit}`);
  }
  return [key];
}

/** JSON has no words for these; as text they meet the check that names them. */
function number(value) {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

function seconds(value) {
  if (typeof value === 'bigint') return Number(value) / 1000;
  if (typeof value === 'number') return number(value / 1000);
  // "500ms" says what it is; "500" is milliseconds here and would be seconds there.
  if (typeof value === 'string' && BARE_NUMBER.test(value)) return Number(value) / 1000;
  return toWire(value, undefined, '');
}

function bytes(value) {
  if (isUtf8(value)) return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
  return { base64: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
}

/** Where a stream goes: a number or an open file or stream is a descriptor. */
function stream(value) {
  if (typeof value === 'number') return { fd: value };
  if (typeof value?.fd === 'number') return { fd: value.fd };
  return value;
}

/** Milliseconds with the clock's own resolution, without the noise of a binary fraction. */
function milliseconds(value) {
  return typeof value === 'number' ? Math.round(value * 1e9) / 1e6 : value;
}

/** An object of the wire with JavaScript's names; what is not there is null. */
function fromWire(value, type) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => fromWire(item, type));
  if (type === 'bytes') return Buffer.from(value.base64, 'base64');
  const table = keys[type];
  if (table === undefined) return value;
  if (table.$tag !== undefined) return fromWire(value, table[value[table.$tag]]);
  const out = {};
  for (const [key, [wire, kind, inner]] of Object.entries(table)) {
    const item = value[wire] ?? null;
    if (kind === 'ms') out[key] = milliseconds(item);
    else if (kind === 'map') out[key] = mapFromWire(item, inner);
    else out[key] = fromWire(item, kind);
  }
  return out;
}

/** A map's keys are data. One of plain values is left out when it is empty. */
function mapFromWire(value, inner) {
  if (inner === undefined) return value ?? {};
  if (value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromWire(item, inner)]));
}

/** What was put in force, by name. */
function enforcement(rows) {
  return Object.fromEntries(rows.map((row) => [row.name, Object.freeze(fromWire(row, 'Enforced'))]));
}

/** An outcome from the library's JSON text and the captured bytes. */
function outcome(text, stdout, stderr) {
  const wire = JSON.parse(text);
  const out = fromWire({ ...wire, enforcement: null }, 'Outcome');
  out.enforcement = Object.freeze(enforcement(wire.enforcement));
  out.stdout = stdout ?? null;
  out.stderr = stderr ?? null;
  out.shellStatus = shellStatus(out);
  return out;
}

function shellStatus({ reason, exitCode, signal }) {
  if (reason === 'timeout') return 124;
  return exitCode ?? 128 + (signal ?? constants.signals.SIGKILL);
}

/** A spec of JSON text, as run() and spawn() take it. */
function specFromJson(text) {
  return specKeys(JSON.parse(translated(() => native().normalize(text))), 'Spec');
}

function specKeys(value, type) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => specKeys(item, type));
  if (typeof value.base64 === 'string' && type === undefined) return Buffer.from(value.base64, 'base64');
  const table = Object.entries(keys[type] ?? {});
  const out = {};
  for (const [wire, item] of Object.entries(value)) {
    const [key, [, kind]] = table.find(([, [name]]) => name === wire) ?? [wire, [wire]];
    out[key] = kind === 'ms' ? milliseconds(item) : specKeys(item, kind);
  }
  return out;
}

module.exports = { dumped, enforcement, fromWire, outcome, plain, specFromJson, stream };
