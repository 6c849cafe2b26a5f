// Cgroup: a group of processes with limits, across all hierarchies of the host.

'use strict';

const { inspect } = require('node:util');
const check = require('./check').of('cgroup');
const { later, translated } = require('./errors');
const { Events } = require('./events');
const { kWrap } = require('./handle');
const { native } = require('./native');
const wire = require('./wire');

/** How long freezing and thawing may take. */
const PATIENCE = 10_000;

const open = (make) => new Cgroup(kWrap, translated(() => make(native())), false);

/** Limits as the addon takes them: a spec that says nothing else. */
const settings = (limits, use) => wire.dumped({ argv: [], limits }, use);

const optional = (value, checked) => (value === undefined || value === null ? undefined : checked(value));

/** Whole, and deep: a snapshot does not change. */
function frozen(value) {
  if (value !== null && typeof value === 'object' && !Buffer.isBuffer(value)) {
    for (const item of Object.values(value)) frozen(item);
    Object.freeze(value);
  }
  return value;
}

class Cgroup {
  #handle;
  /** Whether it was made by this handle, and so ends with its block. */
  #made;

  constructor(key, handle, made) {
    if (key !== kWrap) throw new TypeError('a Cgroup is made by Cgroup.create() and its like');
    this.#handle = handle;
    this.#made = made;
    this.path = handle.path;
    this.unit = handle.unit ?? null;
    Object.freeze(this);
  }

  static [kWrap](handle) {
    return new Cgroup(kWrap, handle, false);
  }

  static async create(name, { parent, controllers, driver, slice } = {}) {
    check.text(name, 'name');
    const above = optional(parent, (value) => check.text(value, 'parent'));
    const list = optional(controllers, (value) => check.words(value, 'controllers'));
    // The library's own words for what is no driver.
    const settings = wire.plain({ argv: [], driver, slice }, 'Spec', '');
    return new Cgroup(kWrap, await later(() => native().cgroupCreate(name, above, list, settings)), true);
  }

  static open(path) {
    check.text(path, 'path');
    return open((addon) => addon.cgroupOpen(path));
  }

  static own() {
    return open((addon) => addon.cgroupOwn());
  }

  static ofProcess(pid) {
    check.integer(pid, 'pid');
    return open((addon) => addon.cgroupOfProcess(pid));
  }

  get closed() {
    return this.#handle.closed;
  }

  places() {
    return frozen(wire.fromWire(JSON.parse(this.#ask((handle) => handle.places())), 'CgroupPlace'));
  }

  controllers() {
    return this.#ask((handle) => handle.controllers());
  }

  children() {
    return this.#ask((handle) => handle.children());
  }

  child(name) {
    check.text(name, 'name');
    return new Cgroup(kWrap, this.#ask((handle) => handle.child(name)), false);
  }

  async createChild(name, { controllers } = {}) {
    check.text(name, 'name');
    const list = optional(controllers, (value) => check.words(value, 'controllers'));
    return new Cgroup(kWrap, await this.#later((handle) => handle.createChild(name, list)), true);
  }

  async attach(pids) {
    const list = ids(pids, 'pids');
    return this.#later((handle) => handle.attach(list));
  }

  async attachThreads(tids) {
    const list = ids(tids, 'tids');
    return this.#later((handle) => handle.attachThreads(list));
  }

  async processes({ recursive = false } = {}) {
    check.bool(recursive, 'recursive');
    return this.#later((handle) => handle.processes(recursive));
  }

  async threads({ recursive = false } = {}) {
    check.bool(recursive, 'recursive');
    return this.#later((handle) => handle.threads(recursive));
  }

  async freeze({ timeoutMs = PATIENCE } = {}) {
    check.milliseconds(timeoutMs, 'timeoutMs');
    return this.#later((handle) => handle.freeze(timeoutMs));
  }

  async thaw({ timeoutMs = PATIENCE } = {}) {
    check.milliseconds(timeoutMs, 'timeoutMs');
    return this.#later((handle) => handle.thaw(timeoutMs));
  }

  async isFrozen() {
    return this.#later((handle) => handle.isFrozen());
  }

  async isPopulated() {
    return this.#later((handle) => handle.isPopulated());
  }

  async kill() {
    return this.#later((handle) => handle.kill());
  }

  async remove() {
    return this.#later((handle) => handle.remove());
  }

  async delegate({ uid, gid } = {}) {
    const user = optional(uid, (value) => check.id(value, 'uid'));
    const group = optional(gid, (value) => check.id(value, 'gid'));
    return this.#later((handle) => handle.delegate(user, group));
  }

  async get(file) {
    check.text(file, 'file');
    return this.#later((handle) => handle.get(file));
  }

  async set(file, value) {
    check.text(file, 'file');
    const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : check.text(value, file);
    return this.#later((handle) => handle.set(file, text));
  }

  async apply(limits = {}) {
    return settings(limits, async (text) => {
      const rows = JSON.parse(await this.#later((handle) => handle.apply(text)));
      return Object.freeze(wire.enforcement(rows));
    });
  }

  async stat(kinds = []) {
    const list = check.words(kinds, 'kinds');
    return frozen(wire.fromWire(JSON.parse(await this.#later((handle) => handle.stat(list))), 'Stat'));
  }

  events(watches = []) {
    const list = Array.isArray(watches) ? watches : [watches];
    const text = wire.plain(list, 'Watch', 'watch');
    return new Events(kWrap, this.#ask((handle) => handle.events(text)));
  }

  async memory(value) {
    check.text(value, 'value');
    return this.#later((handle) => handle.memory(value));
  }

  async setMemory(value, limit) {
    check.text(value, 'value');
    const bytes = optional(limit, (number) => check.integer(number, value, 0, Number.MAX_SAFE_INTEGER));
    return this.#later((handle) => handle.setMemory(value, bytes));
  }

  async resetMemory(value) {
    check.text(value, 'value');
    return this.#later((handle) => handle.resetMemory(value));
  }

  async oomControl() {
    return frozen(wire.fromWire(JSON.parse(await this.#later((handle) => handle.oomControl())), 'OomControl'));
  }

  async setOomPause(paused) {
    check.bool(paused, 'paused');
    return this.#later((handle) => handle.setOomPause(paused));
  }

  async reclaim(bytes) {
    const most = optional(bytes, (number) => check.integer(number, 'bytes', 0, Number.MAX_SAFE_INTEGER));
    return this.#later((handle) => handle.reclaim(most));
  }

  async explainDevice(device, access = 'rwm') {
    check.text(device, 'device');
    check.text(access, 'access');
    const told = await this.#later((handle) => handle.explainDevice(device, access));
    return frozen(wire.fromWire(JSON.parse(told), 'DeviceExplanation'));
  }

  async notifyOnRelease() {
    return this.#later((handle) => handle.notifyOnRelease());
  }

  async setNotifyOnRelease(notify) {
    check.bool(notify, 'notify');
    return this.#later((handle) => handle.setNotifyOnRelease(notify));
  }

  async releaseAgent(hierarchy) {
    check.text(hierarchy, 'hierarchy');
    return this.#later((handle) => handle.releaseAgent(hierarchy));
  }

  async setReleaseAgent(hierarchy, program) {
    check.text(hierarchy, 'hierarchy');
    check.text(program, 'program');
    return this.#later((handle) => handle.setReleaseAgent(hierarchy, program));
  }

  close() {
    this.#handle.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    if (this.closed) return;
    try {
      if (this.#made) {
        await this.kill();
        await this.remove();
      }
    } finally {
      this.close();
    }
  }

  [inspect.custom]() {
    return `Cgroup(${this.path}${this.closed ? ', closed' : ''})`;
  }

  #ask(question) {
    return translated(() => question(this.#handle));
  }

  #later(question) {
    return later(() => question(this.#handle));
  }
}

/** One id or several, as a list. */
function ids(value, name) {
  const list = Array.isArray(value) ? value : [value];
  return list.map((id) => check.integer(id, name));
}

module.exports = { Cgroup, settings };
