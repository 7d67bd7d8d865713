import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NetworkSettings, Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

const MIB = 1 << 20;

const CASES: readonly [name: string, network: NetworkSettings][] = [
  ['a clean network', { latency: 5 }],
  ['U4 1 % loss', { latency: 5, loss: 0.01 }],
  ['U4 10 % loss', { latency: 5, loss: 0.1 }],
  ['U4 30 % loss', { latency: 5, loss: 0.3 }],
  ['U4 bursts of loss', { latency: 5, burst: 0.002, burstLength: 60 }],
  ['U5 reordering', { latency: 5, jitter: 6 }],
  ['U5 duplicates', { latency: 5, duplicate: 0.2 }],
  ['U5 corruption', { latency: 5, corrupt: 0.002 }],
  ['a small MTU', { latency: 5, mtu: 1_280 }],
  ['a narrow hop', { latency: 10, rate: 1_250, queue: 64 << 10 }],
  ['everything at once', { latency: 5, jitter: 3, loss: 0.05, duplicate: 0.05, corrupt: 0.001, rate: 10_000 }],
];

for (const [name, network] of CASES) {
  for (const tree of [false, true]) {
    test(`${name} leaves the content whole${tree ? ', judged by its hash tree' : ''}`, (t) => {
      const seed = `${name} ${tree}`;
      const pair = new Pair({ network, bytes: 3 * MIB + 12_345, tree }, seededRandom(seed));
      const began = pair.now;
      pair.run(600_000);
      t.diagnostic(`seed '${seed}': ${Math.round(pair.now - began)} ms, ${JSON.stringify(pair.sender?.stats)}`);
      assert.equal(pair.receiver?.end?.reason, 'done');
      assert.equal(pair.sender?.end?.reason, 'done');
      assert.ok(pair.faithful, 'content differs, or was written twice');
    });
  }
}
