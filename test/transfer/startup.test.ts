import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BbrController } from '../../src/transfer/protocol/congestion/bbr.js';
import { DeliveryRate } from '../../src/transfer/protocol/congestion/delivery-rate.js';
import { FixedRateController } from '../../src/transfer/protocol/congestion/fixed-rate.js';
import { type NetworkSettings, Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** How soon a rate is found, in simulated time: 1 Gbit/s and 50 ms. */

const MIB = 1 << 20;
const BYTES = 16 * MIB;
const LONG_LINE: NetworkSettings = { latency: 25, rate: 125_000, queue: 4 * MIB };

function run(pair: Pair): number {
  const began = pair.now;
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
  return pair.now - began;
}

test('start-up finds the rate of a long line within four round trips of data', (t) => {
  t.diagnostic("seed 'long line'");
  const pair = new Pair({ network: LONG_LINE, bytes: BYTES }, seededRandom('long line'));
  const ms = run(pair);
  // 139 ms at the rate of the line, 100 for the handshake and the way of the last packet.
  assert.ok(ms < 410, `${ms} ms`);
  assert.ok(pair.sent.dropped < 100, `${pair.sent.dropped} dropped`);
});

test('a short delay in start-up is not taken for a queue, a lasting one is', () => {
  const controller = new BbrController({ datagram: 1_472, buffer: 4 * MIB, rtt: 50 });
  const sample = { acked: 10_000, lost: 0, inFlight: 500_000, minRtt: 50, smoothedRtt: 55, rate: 0, limited: false };
  const acked = (now: number, rtt: number): void => {
    const at = { now, sentAt: now - rtt, delivered: 10_000 * now, priorDelivered: 10_000 * (now - rtt) };
    controller.onAck({ ...sample, ...at, rtt });
  };
  for (let now = 60; now < 100; now++) acked(now, 50);
  for (let now = 100; now < 112; now++) acked(now, 70);
  assert.equal(controller.reason, 'startup');
  for (let now = 112; now < 125; now++) acked(now, 70);
  assert.equal(controller.reason, 'bandwidth');
});

test('a rate given is that of the content: headers come on top', (t) => {
  t.diagnostic("seed 'given'");
  const controller = (init: ConstructorParameters<typeof FixedRateController>[0]) =>
    new FixedRateController(init, 20_000);
  const pair = new Pair({ network: { latency: 1 }, bytes: 4 * MIB, controller }, seededRandom('given'));
  const ms = run(pair);
  // 210 ms, and four ways. With the headers taken out of the rate it would be 217.
  assert.ok(ms < 215, `${ms} ms`);
});

test('a short rate says how fast the newest acknowledgements came, and no faster than was sent', () => {
  const rate = new DeliveryRate();
  assert.equal(rate.update(100, 50, 0, 4), 0);
  assert.equal(rate.update(102, 52, 2_000, 4), 0);
  assert.equal(rate.update(104, 54, 4_000, 4), 1_000);
  assert.equal(rate.update(108, 58, 12_000, 4), 2_000);
  // Held up, then all at once, faster than they were sent.
  assert.equal(rate.update(112, 78, 52_000, 4), 0);
});
