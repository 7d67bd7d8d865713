import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { type TestContext, test } from 'node:test';
import { Scope } from '../../src/base/scope.js';
import { watchNetwork } from '../../src/peer/network/network-watch.js';
import { ManualClock } from '../support/clock.js';
import { afterwards } from '../support/directory.js';

const at = (address: string): NetworkInterfaceInfo => ({
  ...{ address, cidr: `${address}/24`, family: 'IPv4', internal: false, netmask: '', mac: '00:00:00:00:00:00' },
});

function watched(t: TestContext) {
  const scope = new Scope();
  afterwards(t, () => scope.close());
  const clock = new ManualClock();
  const seen = { changes: 0, wlan0: [at('192.168.1.7')] };
  watchNetwork({ clock, scope, interfaces: () => ({ wlan0: seen.wlan0 }), onChange: () => seen.changes++ });
  return { clock, seen };
}

test('another address, one more and one less are noticed within two seconds, and nothing else is', (t) => {
  const { clock, seen } = watched(t);
  clock.advance(60_000);
  assert.equal(seen.changes, 0);
  const changes = [[at('10.0.0.3')], [at('10.0.0.3'), at('10.8.0.2')], [at('10.8.0.2'), at('10.0.0.3')], []];
  const noticed = changes.map((addresses) => {
    const before = seen.changes;
    seen.wlan0 = addresses;
    clock.advance(2_000);
    return seen.changes - before;
  });
  assert.deepEqual(noticed, [1, 1, 0, 1], 'the order of addresses is no change');
});

test('a machine that slept, and a program that was stopped, look at their connections again', (t) => {
  const { clock, seen } = watched(t);
  clock.advance(5_000);
  // Asleep: the wall clock alone goes on.
  clock.jump(3_600_000);
  clock.advance(1_000);
  assert.equal(seen.changes, 1);
  clock.advance(30_000);
  assert.equal(seen.changes, 1);
});
