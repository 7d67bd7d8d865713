import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from '../../src/transfer/protocol/allowance.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import {
  AMPLIFICATION,
  PROVED_FOR_MS,
  UNPROVED_HOST_BYTES,
  UNPROVED_NETWORK_BYTES,
  UNPROVED_REFILL_MS,
} from '../../src/wire/limits.js';

/** What may be sent to whom, in simulated time. */

const path = (host: string, port = 9): Path => ({ key: `${host} ${port}`, maxDatagram: 1_472, stream: false });
const INITIAL = 1_200;

/** Sends an Initial each millisecond for so long. @returns bytes that went */
function flood(allowance: Allowance, to: readonly Path[], from: number, until: number): number {
  let bytes = 0;
  for (let now = from; now < until; now++) {
    for (const one of to) if (allowance.take(one, INITIAL, now)) bytes += INITIAL;
  }
  return bytes;
}

test('U1 N10 an unproved host gets its allowance, whatever its ports, and then an Initial a minute', () => {
  const allowance = new Allowance();
  const ports = [1, 2, 3].map((port) => path('192.0.2.7', port));
  assert.equal(flood(allowance, ports, 0, 2_000), UNPROVED_HOST_BYTES);
  assert.equal(flood(allowance, ports, 2_000, 302_000), 5 * INITIAL);
  assert.equal(flood(allowance, ports, 302_000, 302_000 + UNPROVED_REFILL_MS), 10 * INITIAL);
});

for (const [what, host] of [
  ['/24', (i: number) => `192.0.2.${i}`],
  ['/64', (i: number) => `2001:db8:0:7::${i.toString(16)}`],
] as const) {
  test(`U1 N10 all unproved hosts of a ${what} share an allowance, and another network has its own`, () => {
    const allowance = new Allowance();
    const hosts = Array.from({ length: 100 }, (_, i) => path(host(i + 1)));
    assert.equal(flood(allowance, hosts, 0, 1_000), UNPROVED_NETWORK_BYTES);
    assert.ok(allowance.take(path('198.51.100.1'), INITIAL, 1_000));
    assert.ok(allowance.take(path('2001:db8:0:8::1'), INITIAL, 1_000));
  });
}

test('U1 N10 what comes from a host lets three times as much go there, once', () => {
  const allowance = new Allowance();
  const there = path('192.0.2.7');
  flood(allowance, [there], 0, 100);
  assert.ok(!allowance.take(there, 100, 100));
  allowance.onReceived(there, 100, 100);
  for (let i = 0; i < AMPLIFICATION; i++) assert.ok(allowance.take(there, 100, 100));
  assert.ok(!allowance.take(there, 100, 100));
});

test('U1 N10 a host that is proved gets what it is sent until it has been silent for long; its neighbours prove nothing', () => {
  const allowance = new Allowance();
  const [there, neighbour] = [path('192.0.2.7'), path('192.0.2.8')];
  allowance.prove('192.0.2.7', 0);
  for (let i = 0; i < 1_000; i++) assert.ok(allowance.take(there, INITIAL, 1));
  assert.equal(flood(allowance, [neighbour], 1, 100), UNPROVED_HOST_BYTES);
  allowance.onReceived(there, 1, PROVED_FOR_MS - 1);
  assert.ok(allowance.isProved(there, PROVED_FOR_MS + 1));
  assert.ok(!allowance.isProved(there, 2 * PROVED_FOR_MS));
});

test('a room of honest people in one network takes nothing from each other', () => {
  const allowance = new Allowance();
  for (let i = 1; i < 200; i++) {
    assert.ok(allowance.take(path(`192.0.2.${i}`), 4 * INITIAL, i), `number ${i}`);
    allowance.prove(`192.0.2.${i}`, i);
  }
});

test('a flood of invented hosts is not remembered without end', () => {
  const allowance = new Allowance();
  for (let i = 0; i < 100_000; i++) allowance.onReceived(path(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), 1, i);
  assert.ok(allowance.size <= 8_192, `${allowance.size}`);
});
