// Events: what happens to a cgroup, as it happens.

'use strict';

const { inspect } = require('node:util');
const { later, translated } = require('./errors');
const { kWrap } = require('./handle');
const wire = require('./wire');

class Events {
  #handle;
  /** The last turn that was asked for: the addon takes one at a time. */
  #turn = Promise.resolve();

  constructor(key, handle) {
    if (key !== kWrap) throw new TypeError('Events are made by Cgroup.events()');
    this.#handle = handle;
    Object.freeze(this);
  }

  get closed() {
    return this.#handle.closed;
  }

  next() {
    const turn = this.#turn.then(() => this.#take());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #take() {
    const text = await later(() => this.#handle.wait());
    if (text === null) {
      // The group is gone, and nothing will ever come.
      this.close();
      return { value: undefined, done: true };
    }
    return { value: Object.freeze(wire.fromWire(JSON.parse(text), 'CgroupEvent')), done: false };
  }

  async return(value) {
    this.close();
    return { value, done: true };
  }

  close() {
    translated(() => this.#handle.close());
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    this.close();
  }

  [inspect.custom]() {
    return `Events(${this.closed ? 'closed' : 'open'})`;
  }
}

module.exports = { Events };
