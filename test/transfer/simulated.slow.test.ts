import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../src/base/random.js';
import { type NetworkSettings, Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** Thousands of short transfers over networks drawn at random; a failure names the seed which makes it again. */

const RUNS = 3_000;
const KIB = 1 << 10;

function draw(seed: string): { pair: Pair; network: NetworkSettings } {
  const random = seededRandom(seed);
  const one = (limit: number): number => randomBelow(random, limit);
  const sometimes = (value: number): number => (one(2) === 0 ? 0 : value);
  const network: NetworkSettings = {
    latency: 1 + one(100),
    jitter: sometimes(one(50)),
    loss: sometimes(one(31) / 100),
    burst: sometimes(one(10) / 1_000),
    burstLength: 1 + one(80),
    duplicate: sometimes(one(30) / 100),
    corrupt: sometimes(one(5) / 1_000),
    mtu: [1_500, 1_400, 1_280][one(3)]!,
    ...(one(2) === 0 ? {} : { rate: 500 + one(50_000), queue: (32 + one(1_000)) * KIB }),
  };
  const pair = new Pair(
    { network, bytes: 1 + one(1_500 * KIB), tree: one(2) === 0, window: (256 + one(4_000)) * KIB },
    random,
  );
  for (let i = one(4); i > 0; i--) disturb(pair, network, one);
  return { pair, network };
}

/** A blackout, a smaller MTU, a new address or a new start, somewhere in the first two seconds. */
function disturb(pair: Pair, network: NetworkSettings, one: (limit: number) => number): void {
  const at = one(2_000);
  switch (one(5)) {
    case 0:
      pair.at(at, () => {
        pair.network = { ...network, loss: 1 };
      });
      pair.at(at + 100 + one(4_000), () => {
        pair.network = network;
      });
      return;
    case 1:
      pair.at(at, () => {
        pair.network = { ...pair.network, mtu: 1_280 };
      });
      return;
    case 2:
      pair.at(at, () => {
        if (pair.sender !== undefined) pair.address.a = `a${one(1_000)}`;
      });
      return;
    case 3:
      pair.at(at, () => {
        if (pair.sender !== undefined) pair.address.b = `b${one(1_000)}`;
      });
      return;
    default:
      pair.at(at, () => {
        if (pair.sender?.end === undefined) pair.restartSender();
      });
  }
}

for (let part = 0; part < 10; part++) {
  test(`U4 U5 U7 U8 content is whole after whatever the network did, part ${part}`, () => {
    for (let run = 0; run < RUNS / 10; run++) {
      const seed = `slow ${part} ${run}`;
      const { pair, network } = draw(seed);
      pair.run(600_000);
      const state = `seed '${seed}' ${JSON.stringify(network)} ${JSON.stringify(pair.sender?.stats)}`;
      assert.ok(pair.faithful, `not whole, or written twice: ${state}`);
      assert.equal(pair.receiver?.end?.reason, 'done', state);
    }
  });
}
