// The doctor: what of the library works on this host.

'use strict';

const { later } = require('./errors');
const { native } = require('./native');
const wire = require('./wire');

const doctor = async () => wire.fromWire(JSON.parse(await later(() => native().doctor())), 'Diagnosis');

module.exports = { doctor };
