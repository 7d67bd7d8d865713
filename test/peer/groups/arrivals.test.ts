import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/base/clock.js';
import { Scope } from '../../../src/base/scope.js';
import { backOff } from '../../../src/peer/messaging/group/jitter.js';
import { JoinQueue } from '../../../src/peer/messaging/group/join-queue.js';
import type { Act } from '../../../src/wire/acts.js';
import { seededRandom } from '../../support/random.js';

const act = (action: string, user: string, at: number, target?: string): Act =>
  ({
    statement: { action, ...(target && { user: target }) },
    by: { user, folded: user.toLowerCase() },
    seal: { role: 'beginner', at },
  }) as unknown as Act;

test('who becomes a member waits for those before him, until they are inside, go, or are put out', () => {
  const arrivals = new JoinQueue();
  for (const user of ['Ada', 'bob', 'carol', 'dave']) arrivals.note(act('join', user, 1_000), 0);
  assert.deepEqual(
    ['ada', 'Bob', 'carol', 'dave', 'stranger'].map((user) => arrivals.ahead(user, 1)),
    [0, 1, 2, 3, 4],
  );
  let moved = 0;
  const unwatch = arrivals.watch(() => moved++);
  arrivals.entered('ADA', 'somebody who was inside before');
  assert.equal(arrivals.ahead('bob', 1), 0);
  assert.equal(moved, 1);
  arrivals.note(act('leave', 'bob', 1_001), 2);
  arrivals.note(act('kick', 'owner', 1_002, 'Carol'), 2);
  assert.equal(arrivals.ahead('dave', 2), 0);
  assert.ok(arrivals.has('dave') && !arrivals.has('carol'));
  unwatch();
  arrivals.entered('dave');
  assert.equal(arrivals.count(2), 0);
  assert.equal(moved, 1);
});

test('who waits for those before him waits no longer than until his program ends', async () => {
  const arrivals = new JoinQueue();
  for (const user of ['ada', 'bob', 'carol']) arrivals.note(act('join', user, 1_000), 0);
  const scope = new Scope();
  const clock = { ...systemClock, after: () => () => {}, monotonic: () => 1 };
  let turns = 0;
  const bob = arrivals.turnOf('bob', { clock, scope }, 10_000).then(() => turns++);
  const carol = arrivals.turnOf('carol', { clock, scope }, 10_000).then(() => turns++);
  arrivals.entered('ada');
  await bob;
  assert.equal(turns, 1);
  await scope.close();
  await carol;
  await arrivals.turnOf('carol', { clock, scope }, 10_000);
});

test('nobody waits for who became a member long ago and never came inside', () => {
  const arrivals = new JoinQueue();
  arrivals.note(act('join', 'gone', 1_000), 0);
  // Read from an old log, all at once: the directory's times say how old it is.
  arrivals.note(act('join', 'ada', 60_000), 0);
  arrivals.note(act('join', 'bob', 61_000), 0);
  assert.equal(arrivals.ahead('bob', 0), 1);
  // Ada's program has ended.
  assert.equal(arrivals.ahead('bob', 9_999), 1);
  assert.equal(arrivals.ahead('bob', 10_001), 0);
});

test('of many who could do the same few come early, and the first comes soon', () => {
  const random = seededRandom('back-off');
  for (const size of [2, 20, 200]) {
    const firsts: number[] = [];
    for (let round = 0; round < 100; round++) {
      const times = Array.from({ length: size }, () => backOff(random, 500, size)).sort((a, b) => a - b);
      assert.ok(times[0]! >= 0 && times.at(-1)! <= 500);
      firsts.push(times.filter((time) => time < times[0]! + 25).length);
    }
    const mean = firsts.reduce((sum, one) => sum + one, 0) / firsts.length;
    assert.ok(mean < 2, `of ${size}, ${mean} within 25 ms of the first`);
  }
});
