import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { mayDial } from '../../src/peer/network/may-dial.js';

const one = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => ({
  ...{ address, cidr, internal, netmask: '', mac: '00:00:00:00:00:00' },
  ...(address.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

const HERE = {
  lo: [one('127.0.0.1', '127.0.0.1/8', true), one('::1', '::1/128', true)],
  eth0: [one('192.168.1.7', '192.168.1.7/24'), one('fe80::7', 'fe80::7/64')],
};

test('N9 addresses inside are dialled only where who names them can be, as the directory sees it', () => {
  const cases: readonly (readonly [host: string, seen: string, dialled: boolean])[] = [
    ['203.0.113.5', '198.51.100.1', true],
    ['2001:db8::5', '198.51.100.1', true],
    ['127.0.0.1', '198.51.100.1', false],
    ['127.8.8.8', '192.168.1.7', false],
    ['::1', '2001:db8::1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['192.168.1.9', '198.51.100.1', true],
    ['192.168.2.9', '198.51.100.1', false],
    ['192.168.2.9', '192.168.1.7', true],
    ['10.0.0.1', '198.51.100.1', false],
    ['100.64.0.1', '198.51.100.1', false],
    ['172.31.255.1', '198.51.100.1', false],
    ['169.254.169.254', '198.51.100.1', false],
    ['169.254.169.254', '192.168.1.7', false],
    ['fe80::9', '198.51.100.1', true],
    ['fc00::1', '2001:db8::1', false],
    ['fc00::1', 'fd00::2', true],
  ];
  for (const [host, seen, dialled] of cases) {
    assert.equal(mayDial({ host, port: 22 }, seen, HERE), dialled, `${host}, seen from ${seen}`);
  }
});
