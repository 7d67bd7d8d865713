import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../src/base/random.js';
import { type NetworkSettings, Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** A session that changes its path: from the relay to a direct one, back when that dies, whatever the relay does. */

const MIB = 1 << 20;
const SEED = process.env.PATHS_SEED ?? String(Date.now());
const WIRE: NetworkSettings = { latency: 10, rate: 5_000, queue: 256 << 10 };
const BY_RELAY: NetworkSettings = { latency: 25, rate: 2_500, queue: 256 << 10 };
const NOTHING: NetworkSettings = { ...WIRE, loss: 1 };

const pairOf = (seed: string, bytes: number, network = WIRE, relay: NetworkSettings | undefined = BY_RELAY): Pair =>
  new Pair({ network, ...(relay !== undefined && { relay }), bytes }, seededRandom(`${SEED} ${seed}`));

/** All of it is there, as it was, and was sent about once. */
function whole(pair: Pair, bytes: number, again = 0.05): void {
  assert.ok(pair.complete && pair.faithful, `PATHS_SEED=${SEED}`);
  assert.ok(pair.sent.bytesA < bytes * (1.04 + again) + 300_000, `${pair.sent.bytesA} bytes sent for ${bytes}`);
}

test(`the first byte comes by the relay, and goes on by the direct path once there is one (PATHS_SEED=${SEED})`, () => {
  const pair = pairOf('upgrade', 12 * MIB, NOTHING);
  pair.run(300);
  assert.equal(pair.sender?.path.key, 'relay');
  assert.ok(pair.have.size > 0);
  pair.network = WIRE;
  pair.run(3_000);
  assert.deepEqual([pair.sender?.path.key, pair.receiver?.path.key], ['b1', 'a1']);
  pair.run(30_000);
  whole(pair, 12 * MIB);
  assert.equal(pair.sessions, 1);
});

test('the direct path dies in mid-transfer without a word: on by the relay within 3 s, and back when it lives again', () => {
  const pair = pairOf('death', 24 * MIB);
  pair.run(1_000);
  assert.equal(pair.sender?.path.key, 'b1');
  pair.network = NOTHING;
  const had = pair.have.size;
  pair.run(3_000);
  assert.deepEqual([pair.sender?.path.key, pair.receiver?.path.key], ['relay', 'relay']);
  assert.ok(pair.have.size > had + 4, `${pair.have.size - had} blocks`);
  pair.network = WIRE;
  pair.run(12_000);
  assert.equal(pair.sender?.path.key, 'b1');
  pair.run(30_000);
  whole(pair, 24 * MIB);
  assert.equal(pair.sessions, 1);
});

test('a direct path that lets through in one direction only, or small datagrams only, is left for the relay, or never taken', () => {
  const oneWay = pairOf('one way', 6 * MIB);
  oneWay.run(400);
  assert.equal(oneWay.sender?.path.key, 'b1');
  oneWay.tap = (from, datagram, to) => (from === 'a' && to === 'b1' ? null : datagram);
  oneWay.run(3_000);
  assert.equal(oneWay.sender?.path.key, 'relay');
  oneWay.run(30_000);
  whole(oneWay, 6 * MIB, 0.1);
  const never = pairOf('never', 3 * MIB);
  never.tap = (from, datagram, to) => (from === 'b' && to === 'a1' ? null : datagram);
  never.run(30_000);
  assert.equal(never.sessions, 1);
  whole(never, 3 * MIB);
  const small = pairOf('small', 6 * MIB, { ...WIRE, mtu: 700 });
  small.run(5_000);
  assert.equal(small.sender?.path.key, 'relay');
  small.run(30_000);
  whole(small, 6 * MIB);
});

test('the relay goes away while it is used, and comes back: the direct path serves meanwhile, or the session is opened again', () => {
  const pair = pairOf('away', 12 * MIB, NOTHING);
  pair.run(500);
  pair.relay = undefined;
  pair.run(2_000);
  pair.network = WIRE;
  pair.run(60_000);
  whole(pair, 12 * MIB);
  const alone = pairOf('alone', 6 * MIB, NOTHING);
  alone.run(500);
  alone.relay = undefined;
  alone.run(9_000);
  alone.relay = BY_RELAY;
  alone.run(60_000);
  whole(alone, 6 * MIB);
});

test('a hostile relay that drops, delays, repeats, reorders, corrupts and sends to the wrong one changes nothing of what arrives', () => {
  for (let i = 0; i < 12; i++) {
    const hostile = { ...BY_RELAY, latency: 5, jitter: 60, loss: 0.1, duplicate: 0.3, corrupt: 0.004, burst: 0.002 };
    const pair = pairOf(`hostile ${i}`, 2 * MIB, i % 2 === 0 ? NOTHING : WIRE, hostile);
    pair.misdirected = 7;
    pair.run(120_000);
    assert.ok(pair.complete && pair.faithful, `${i}, PATHS_SEED=${SEED}`);
  }
});

test('paths that come, die and change at random, both of them, cost no byte of what arrives', () => {
  const runs = Number(process.env.PATHS_RUNS ?? 40);
  for (let i = 0; i < runs; i++) {
    const random = seededRandom(`${SEED} drawn ${i}`);
    const one = (limit: number): number => randomBelow(random, limit);
    const drawn = (): NetworkSettings => ({
      latency: 1 + one(80),
      jitter: one(2) * one(30),
      loss: one(3) === 0 ? one(20) / 100 : 0,
      rate: 1_000 + one(20_000),
      queue: (64 + one(500)) << 10,
      mtu: [1_500, 1_400, 1_280][one(3)]!,
    });
    const pair = pairOf(`drawn ${i}`, 1 + one(3 * MIB), one(2) === 0 ? NOTHING : drawn(), drawn());
    for (let changes = one(8); changes > 0; changes--) {
      pair.at(one(8_000), () => {
        if (one(2) === 0) pair.network = one(2) === 0 ? NOTHING : drawn();
        else pair.relay = one(2) === 0 ? undefined : drawn();
      });
    }
    pair.at(8_500, () => {
      pair.relay = drawn();
    });
    pair.run(120_000);
    assert.ok(pair.complete && pair.faithful, `run ${i} of PATHS_SEED=${SEED}`);
  }
});
