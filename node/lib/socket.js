// Families and types of sockets by name, with Linux's numbers for them (socket(2)).

'use strict';

const check = require('./check');

const FAMILIES = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17, vsock: 40 };
const TYPES = { stream: 1, dgram: 2, raw: 3, seqpacket: 5 };

function number(value, names, name) {
  if (typeof value === 'number') return check.integer(value, name, 0);
  if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value];
  throw check.wrong(name, value, `none of ${Object.keys(names).join(', ')}, and no number`);
}

function socketNumbers({ family = 'inet', type = 'stream', protocol = 0 } = {}) {
  return {
    family: number(family, FAMILIES, 'family'),
    type: number(type, TYPES, 'type'),
    protocol: check.integer(protocol, 'protocol', 0),
  };
}

module.exports = { socketNumbers };
