import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { isOwnAddress, isOwnNetwork, localAddresses } from '../../src/net/interfaces.js';

const one = (address: string, cidr: string, internal = false): NetworkInterfaceInfo => ({
  ...{ address, cidr, internal, netmask: '', mac: '00:00:00:00:00:00' },
  ...(address.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
});

/** A laptop behind a router, whose address outside is 198.51.100.1. */
const HERE = {
  lo: [one('127.0.0.1', '127.0.0.1/8', true), one('::1', '::1/128', true)],
  wlan0: [one('10.1.0.2', '10.1.0.2/24'), one('fe80::7', 'fe80::7/64')],
};

test('an address is this machine’s where an interface has it, and nowhere else', () => {
  const cases: readonly (readonly [host: string, own: boolean, near: boolean])[] = [
    ['10.1.0.2', true, true],
    ['::ffff:10.1.0.2', true, true],
    ['127.0.0.1', true, false],
    ['127.3.2.1', true, false],
    ['::1', true, false],
    ['fe80::7%wlan0', true, true],
    ['10.1.0.1', false, true],
    ['fe80::8%wlan0', false, true],
    ['10.1.1.2', false, false],
    ['198.51.100.1', false, false],
    ['2001:db8::1', false, false],
    ['chat.example', false, false],
  ];
  for (const [host, own, near] of cases) {
    assert.deepEqual([isOwnAddress(host, HERE), isOwnNetwork(host, HERE)], [own, near], host);
  }
  assert.deepEqual(localAddresses(HERE), ['10.1.0.2']);
});
