import assert from 'node:assert/strict';
import { test } from 'node:test';
import { olderLives } from '../../src/peer/network/older-link.js';
import { ManualClock } from '../support/clock.js';

/** A link of which the test says when it answers, and when it ends. */
class Asked {
  heardAt = Number.NEGATIVE_INFINITY;
  answer!: (rtt: number | undefined) => void;

  measure(): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  heardAfter(moment: number): boolean {
    return this.heardAt > moment;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function asked() {
  const clock = new ManualClock();
  const [older, newer] = [new Asked(), new Asked()];
  let lives: boolean | undefined;
  void olderLives(clock, { older, newer }).then((is) => {
    lives = is;
  });
  const after = async (ms: number): Promise<boolean | undefined> => {
    await turn();
    for (let passed = 0; passed < ms; passed += 50) clock.advance(50);
    await turn();
    return lives;
  };
  return { clock, older, newer, after };
}

test('of two links the older one is dead where only the newer one answers', async () => {
  const { newer, after } = asked();
  newer.answer(1);
  assert.equal(await after(500), undefined);
  assert.equal(await after(300), false);
});

test('of two links the older one lives that answers, or by which anything else comes', async () => {
  const first = asked();
  first.newer.answer(1);
  await first.after(500);
  first.older.answer(500);
  assert.equal(await first.after(0), true);
  const second = asked();
  second.newer.answer(1);
  await second.after(500);
  second.older.heardAt = second.clock.monotonic();
  assert.equal(await second.after(250), true);
});

test('of two links over a long way the older one has as much longer', async () => {
  const { newer, older, after } = asked();
  assert.equal(await after(4_000), undefined);
  newer.answer(4_000);
  assert.equal(await after(7_000), undefined);
  older.answer(11_000);
  assert.equal(await after(0), true);
});

test('of two links the one that stays is that which has not ended', async () => {
  for (const which of ['older', 'newer'] as const) {
    const both = asked();
    both[which].answer(undefined);
    assert.equal(await both.after(0), which === 'newer');
  }
});
