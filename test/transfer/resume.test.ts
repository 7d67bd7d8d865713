import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberedFor } from '../../src/transfer/driver/path-memory.js';
import { BbrController } from '../../src/transfer/protocol/congestion/bbr.js';
import { CarefulResume, type Measured } from '../../src/transfer/protocol/congestion/careful-resume.js';
import { networkOf } from '../../src/wire/address.js';
import { type NetworkSettings, Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

/** Beginning with what a path carried before, in simulated time: 1 Gbit/s and 50 ms. */

const MIB = 1 << 20;
const LONG_LINE: NetworkSettings = { latency: 25, rate: 125_000, queue: 4 * MIB };
const BEFORE: Measured = { rate: 120_000, minRtt: 50 };

function transfer(network: NetworkSettings, mib: number, remembered?: Measured) {
  let controller!: BbrController;
  const pair = new Pair(
    {
      network,
      bytes: mib * MIB,
      controller: (init) => {
        controller = new BbrController(init, remembered);
        return controller;
      },
    },
    seededRandom('resumed'),
  );
  const began = pair.now;
  return {
    pair,
    end() {
      pair.run(60_000);
      assert.ok(pair.faithful && pair.sender?.end?.reason === 'done', "seed 'resumed'");
      return { ms: pair.now - began, dropped: pair.sent.dropped, start: controller.start, found: controller.measured };
    },
  };
}

test('the same path again is fast at once, and nothing is lost for it', () => {
  const first = transfer(LONG_LINE, 16).end();
  const again = transfer(LONG_LINE, 16, first.found).end();
  assert.ok(again.ms < first.ms - 25, `${first.ms} ms, then ${again.ms}`);
  assert.equal(again.dropped, 0);
  assert.deepEqual([first.start, again.start], [undefined, 'remembered']);
});

for (const queue of [4 * MIB, 300 << 10]) {
  test(`a path that carries a tenth by now: it retreats and keeps its pace, queue of ${queue >> 10} KiB`, () => {
    const narrow = { ...LONG_LINE, rate: 12_500, queue };
    const first = transfer(narrow, 8).end();
    const again = transfer(narrow, 8, BEFORE).end();
    assert.equal(again.start, 'retreated');
    assert.ok(again.ms < first.ms * 1.25, `${first.ms} ms, ${again.ms} with a memory that is wrong`);
    // What was sent by memory before anything was heard, and little more.
    assert.ok(again.dropped * 1_250 < (BEFORE.rate / 2) * 55 + first.dropped * 1_472, `${again.dropped} dropped`);
    assert.ok(again.found!.rate < 13_000, 'what it knows now is what was found');
  });
}

test('another flow through a hop that carries a tenth by now goes on within a second', () => {
  const hop = { a: 0, b: 0 };
  const narrow = { ...LONG_LINE, rate: 12_500, queue: 600 << 10, hop };
  const other = transfer(narrow, 24).pair;
  other.run(500);
  const { pair } = transfer(narrow, 24, BEFORE);
  // Both clocks side by side.
  const during = (ms: number): number => {
    const before = other.have.size;
    for (let i = 0; i < ms; i++) {
      pair.run(other.now - pair.now + 1);
      other.run(1);
    }
    return ((other.have.size - before) * other.manifest.block) / ms;
  };
  pair.now = other.now;
  during(700);
  const rate = during(500);
  assert.ok(rate > 12_500 * 0.2, `${rate} bytes/ms of 12,500`);
});

test('a memory counts for the same round trip only, and never for more than half', () => {
  assert.equal(new CarefulResume(BEFORE, 50, 192 << 10).rate, 60_000);
  assert.equal(new CarefulResume(BEFORE, 20, 192 << 10).rate, 0);
  assert.equal(new CarefulResume(BEFORE, 110, 192 << 10).rate, 0);
  assert.equal(new CarefulResume({ rate: 1e9, minRtt: 50 }, 50, 192 << 10).rate * 50, 8 * MIB);
  assert.equal(new CarefulResume({ rate: 1_000, minRtt: 50 }, 50, 192 << 10).rate, 0);
  assert.equal(new CarefulResume(undefined, 50, 192 << 10).rate, 0);
});

test('a memory belongs to the networks at both ends', () => {
  assert.equal(networkOf('192.0.2.77'), '192.0.2.0/24');
  assert.equal(networkOf('2001:db8::5'), '2001:db8:0:0::/64');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6%eth0'), '2001:db8:1:2::/64');
  const path = { from: '10.1.0.0/24', to: '192.0.2.0/24', rate: 5, minRtt: 1 };
  assert.equal(rememberedFor([path], '192.0.2.9', '10.1.0.0/24'), path);
  assert.equal(rememberedFor([path], '192.0.3.9', '10.1.0.0/24'), undefined);
  assert.equal(rememberedFor([path], '192.0.2.9', '10.2.0.0/24'), undefined);
  assert.equal(rememberedFor([{ ...path, rate: 0 }], '192.0.2.9', '10.1.0.0/24'), undefined);
});

test('packets lost at once, in a pause of the receiver, say: it retreats, and finds the rate again soon', () => {
  const { pair, end } = transfer(LONG_LINE, 32, BEFORE);
  // The first few of those sent by memory arrive, the next 400 do not.
  let data = 0;
  pair.tap = (from, datagram) => (from === 'a' && datagram[0] === 5 && ++data > 20 && data <= 420 ? null : datagram);
  const { ms, start } = end();
  assert.equal(start, 'retreated');
  assert.ok(ms < 900, `${ms} ms`);
});
