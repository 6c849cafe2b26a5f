// Namespace: a handle of a namespace, and what can be asked of it and done in it.

'use strict';

const { inspect } = require('node:util');
const check = require('./check');
const { later, translated } = require('./errors');
const { kHandle, kWrap } = require('./handle');
const { native } = require('./native');
const { socketNumbers } = require('./socket');
const wire = require('./wire');

const open = (make) => new Namespace(kWrap, translated(() => make(native())));

class Namespace {
  #handle;

  constructor(key, handle) {
    if (key !== kWrap) throw new TypeError('a Namespace is made by Namespace.ofThread() and its like');
    this.#handle = handle;
    const { kind, inode, device } = handle;
    this.kind = kind;
    this.inode = inode;
    this.id = Object.freeze({ device, inode });
    Object.freeze(this);
  }

  static [kWrap](handle) {
    return new Namespace(kWrap, handle);
  }

  static ofThread(kind) {
    check.text(kind, 'kind');
    return open((addon) => addon.nsOfThread(kind));
  }

  static ofProcess(pid, kind) {
    check.text(kind, 'kind');
    check.integer(pid, 'pid');
    return open((addon) => addon.nsOfProcess(pid, kind));
  }

  static ofChildren(pid, kind) {
    check.text(kind, 'kind');
    check.integer(pid, 'pid');
    return open((addon) => addon.nsOfChildren(pid, kind));
  }

  static ofPidfd(pidfd, kind) {
    check.text(kind, 'kind');
    const fd = check.descriptor(pidfd, 'pidfd');
    return open((addon) => addon.nsOfPidfd(fd, kind));
  }

  static open(path) {
    const bytes = check.path(path);
    return open((addon) => addon.nsOpen(bytes));
  }

  static named(name) {
    check.text(name, 'name');
    return open((addon) => addon.nsNamed(name));
  }

  static ofFd(fd) {
    const number = check.descriptor(fd, 'fd');
    return open((addon) => addon.nsOfFd(number));
  }

  static ofFileHandle(handle) {
    if (!(handle instanceof Uint8Array)) throw check.wrong('file handle', handle, 'no bytes');
    return open((addon) => addon.nsOfFileHandle(Buffer.from(handle)));
  }

  static async ofKernelId(id) {
    check.integer(id, 'kernel id', 0, Number.MAX_SAFE_INTEGER);
    return new Namespace(kWrap, await later(() => native().nsOfKernelId(id)));
  }

  get [kHandle]() {
    return this.#handle;
  }

  get fd() {
    return this.#handle.fd;
  }

  get closed() {
    return this.#handle.fd === -1;
  }

  get isInitial() {
    return this.#ask((handle) => handle.isInitial());
  }

  get kernelId() {
    try {
      return this.#ask((handle) => handle.kernelId());
    } catch (error) {
      if (error.kind === 'unsupported') return null;
      throw error;
    }
  }

  fileHandle() {
    return this.#ask((handle) => handle.fileHandle());
  }

  clone() {
    return this.#other((handle) => handle.copy());
  }

  parent() {
    return this.#other((handle) => handle.parent());
  }

  owner() {
    return this.#other((handle) => handle.owner());
  }

  ownerUid() {
    return this.#ask((handle) => handle.ownerUid());
  }

  mountInfo() {
    return Object.freeze(JSON.parse(this.#ask((handle) => handle.mountInfo())));
  }

  mountNamespaceId() {
    return this.#ask((handle) => handle.mountNamespaceId());
  }

  nextMountNamespace() {
    return this.#other((handle) => handle.nextMountNamespace());
  }

  previousMountNamespace() {
    return this.#other((handle) => handle.previousMountNamespace());
  }

  async hostname() {
    return this.#later((handle) => handle.hostname());
  }

  async setHostname(name) {
    check.text(name, 'hostname');
    return this.#later((handle) => handle.setHostname(name));
  }

  async domainname() {
    return this.#later((handle) => handle.domainname());
  }

  async setDomainname(name) {
    check.text(name, 'domainname');
    return this.#later((handle) => handle.setDomainname(name));
  }

  async sysctl(name) {
    check.text(name, 'sysctl');
    return this.#later((handle) => handle.sysctl(name));
  }

  async setSysctl(name, value) {
    check.text(name, 'sysctl');
    const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : check.text(value, name);
    return this.#later((handle) => handle.setSysctl(name, text));
  }

  async timeOffsets() {
    return this.#plain('TimeOffsets', (handle) => handle.timeOffsets());
  }

  async socket(options) {
    const { family, type, protocol } = socketNumbers(options);
    return this.#later((handle) => handle.socket(family, type, protocol));
  }

  async cgroupPaths(pid) {
    check.integer(pid, 'pid');
    return this.#plain('CgroupPath', (handle) => handle.cgroupPaths(pid));
  }

  async idMaps() {
    return this.#plain('IdMaps', (handle) => handle.idMaps());
  }

  async processes() {
    return this.#plain('Process', (handle) => handle.processes());
  }

  async persist(path) {
    const bytes = check.path(path);
    return this.#later((handle) => handle.persist(bytes));
  }

  async persistName(name) {
    check.text(name, 'name');
    return this.#later((handle) => handle.persistName(name));
  }

  async run(fn, ...args) {
    return require('./inside').runInside([this], fn, ...args);
  }

  equals(other) {
    return other instanceof Namespace && other.id.device === this.id.device && other.id.inode === this.id.inode;
  }

  close() {
    this.#handle.close();
  }

  [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() {
    this.close();
  }

  toString() {
    return `${this.kind}:[${this.inode}]`;
  }

  [inspect.custom]() {
    return `Namespace(${this}, ${this.closed ? 'closed' : `fd ${this.fd}`})`;
  }

  #ask(question) {
    return translated(() => question(this.#handle));
  }

  #other(question) {
    return new Namespace(kWrap, this.#ask(question));
  }

  #later(question) {
    return later(() => question(this.#handle));
  }

  async #plain(type, question) {
    return wire.fromWire(JSON.parse(await this.#later(question)), type);
  }
}

module.exports = { Namespace };
