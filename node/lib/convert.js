// Conversions between the values of cgroup v1 and v2.

'use strict';

const check = require('./check').of('cgroup');
const { translated } = require('./errors');
const { native } = require('./native');

const RULE = 'runc-2025';

/** A number that is exact in JavaScript. */
const whole = (value, name, least = 0) => check.integer(value, name, least, Number.MAX_SAFE_INTEGER);
const limit = (value, name) => whole(value, name, -Number.MAX_SAFE_INTEGER);

const weight = (convert, name) => (value, rule = RULE) => {
  whole(value, name);
  check.text(rule, 'rule');
  return translated(() => convert(native(), value, rule));
};

exports.sharesToWeight = weight((addon, shares, rule) => addon.convertSharesToWeight(shares, rule), 'shares');
exports.weightToShares = weight((addon, value, rule) => addon.convertWeightToShares(value, rule), 'weight');
exports.blkioToIoWeight = weight((addon, value, rule) => addon.convertBlkioToIoWeight(value, rule), 'weight');
exports.ioToBlkioWeight = weight((addon, value, rule) => addon.convertIoToBlkioWeight(value, rule), 'weight');

exports.swapMax = (memsw, memory) => {
  limit(memsw, 'memsw');
  limit(memory, 'limit');
  return translated(() => native().convertSwapMax(memsw, memory));
};

exports.memswLimit = (swap, memory) => {
  limit(swap, 'swap');
  limit(memory, 'limit');
  return translated(() => native().convertMemswLimit(swap, memory));
};

exports.cpuMax = (quota, period = 0) => {
  limit(quota, 'quota');
  whole(period, 'period');
  return translated(() => native().convertCpuMax(quota, period));
};

exports.quotaOf = (cpus, period = 0) => {
  if (typeof cpus !== 'number') throw check.wrong('cpus', cpus, 'no number');
  whole(period, 'period');
  return translated(() => native().convertQuotaOf(cpus, period));
};

Object.freeze(exports);
