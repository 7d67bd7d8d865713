import assert from 'node:assert/strict';
import { randomBelow } from '../../src/base/random.js';
import { type NetworkSettings, Pair } from './pair.js';
import { seededRandom } from './random.js';

/** Short transfers over networks drawn at random; a failure names the seed which makes it again. */

const KIB = 1 << 10;

function draw(seed: string): { pair: Pair; network: NetworkSettings; window: number } {
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
  const bytes = 1 + one(1_500 * KIB);
  const tree = one(2) === 0;
  const window = (256 + one(4_000)) * KIB;
  const pair = new Pair({ network, bytes, tree, window }, random);
  for (let i = one(4); i > 0; i--) disturb(pair, network, one);
  return { pair, network, window };
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

/** Most blocks that may be unfinished at a time: what the window holds, and one that is just beginning. */
const budget = (pair: Pair, window: number): number => Math.ceil(window / pair.manifest.block) + 1;

/**
 * One transfer over a network drawn from the seed: whole at the end, no block written twice, and never more unfinished than was
 * agreed.
 */
export function simulate(seed: string): void {
  const { pair, network, window } = draw(seed);
  pair.run(600_000);
  const state = `seed '${seed}' ${JSON.stringify(network)} ${JSON.stringify(pair.sender?.stats)}`;
  assert.ok(pair.faithful, `not whole, or written twice: ${state}`);
  assert.equal(pair.receiver?.end?.reason, 'done', state);
  assert.ok(pair.unfinishedMost <= budget(pair, window), `${pair.unfinishedMost} blocks unfinished: ${state}`);
}
