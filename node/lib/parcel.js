// Errors on their way from one thread to another: with what structured cloning takes from them.

'use strict';

const { IsolateError } = require('./errors');

const KNOWN = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function clonable(value) {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** What was thrown, as plain data. */
function pack(thrown) {
  if (!(thrown instanceof Error)) return { plain: clonable(thrown) ? thrown : String(thrown) };
  const fields = Object.entries(thrown).filter(([, value]) => clonable(value));
  const cause = thrown.cause === undefined ? undefined : pack(thrown.cause);
  return {
    name: String(thrown.name),
    message: String(thrown.message),
    stack: String(thrown.stack),
    fields: Object.fromEntries(fields),
    cause,
  };
}

/** What was thrown there, to be thrown here. */
function unpack(parcel) {
  if ('plain' in parcel) return parcel.plain;
  const { name, message, stack, fields, cause } = parcel;
  const error = name === 'IsolateError' ? new IsolateError(message, fields) : new (KNOWN[name] ?? Error)(message);
  Object.assign(error, fields);
  const hidden = (key, value) => Object.defineProperty(error, key, { value, configurable: true, writable: true });
  if (error.name !== name) hidden('name', name);
  if (cause !== undefined) hidden('cause', unpack(cause));
  hidden('stack', stack);
  return error;
}

module.exports = { pack, unpack };
