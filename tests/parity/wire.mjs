// Between the names of the wire and those of JavaScript: camelCase, milliseconds.

import { createRequire } from 'node:module';

const keys = createRequire(import.meta.url)('../../node/spec-keys.js');

/** The options that a JavaScript program would write for a spec. */
export function camel(value, type) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => camel(item, type));
  const table = Object.entries(keys[type] ?? {});
  return Object.fromEntries(Object.entries(value).map(([wire, item]) => {
    const [key, [, kind]] = table.find(([, [name]]) => name === wire) ?? [wire, [wire]];
    return [key, kind === 'ms' && typeof item === 'number' ? item * 1000 : camel(item, kind)];
  }));
}

/** What the library tells, as the wire has it. */
export function snake(value, type) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => snake(item, type));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => {
    const [name, kind, inner] = keys[type]?.[key] ?? [key];
    // The keys of a map are data.
    if (kind === 'map' && inner !== undefined && item !== null) {
      return [name, Object.fromEntries(Object.entries(item).map(([word, value]) => [word, snake(value, inner)]))];
    }
    return [name, kind === 'ms' && typeof item === 'number' ? item / 1000 : snake(item, kind)];
  }));
}
