// Namespaces that are made together.

'use strict';

const check = require('./check');
const { later, translated } = require('./errors');
const { kMembers, kWrap } = require('./handle');
const { Namespace } = require('./namespace');
const { native } = require('./native');
const wire = require('./wire');

/** A pid namespace and the set whose holder keeps it usable: whoever has the one needs the other. */
const holders = new WeakMap();

class NamespaceSet {
  #created;
  #members = new Map();

  constructor(key, created) {
    if (key !== kWrap) throw new TypeError('a NamespaceSet is made by createNamespaces()');
    this.#created = created;
    this.holderPid = created.holderPid ?? null;
    for (const kind of created.kinds()) {
      const member = Namespace[kWrap](created.take(kind));
      this.#members.set(kind, member);
      if (kind === 'pid') holders.set(member, this.#created);
    }
    Object.freeze(this);
  }

  get kinds() {
    return [...this.#members.keys()];
  }

  get(kind) {
    return this.#members.get(kind) ?? null;
  }

  get [kMembers]() {
    return Object.fromEntries(this.#members);
  }

  [Symbol.iterator]() {
    return this.#members.values();
  }

  close() {
    this.#closeMembers();
    translated(() => this.#created.close());
  }

  [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    this.#closeMembers();
    await later(() => this.#created.end());
  }

  #closeMembers() {
    for (const member of this) member.close();
  }
}

/** Makes namespaces. */
async function createNamespaces(kinds, settings = {}) {
  const list = check.kinds(kinds);
  return wire.dumped({ argv: [], ...settings }, async (text) => {
    return new NamespaceSet(kWrap, await later(() => native().nsCreate(list, text)));
  });
}

module.exports = { NamespaceSet, createNamespaces };
