import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../src/base/random.js';
import { joinedPins } from '../../src/peer/messaging/direct-pins.js';
import {
  closed,
  closingTime,
  counted,
  joined,
  type Poll,
  pollOf,
  type Vote,
  voted,
} from '../../src/peer/messaging/poll.js';
import { seededRandom } from '../support/random.js';

const EMPTY = pollOf({ question: 'Where?', options: ['a', 'b', 'c'], several: true });

type Words = Parameters<typeof joinedPins>[0];

type Step = Vote | { readonly close: number };

const take = (poll: Poll, step: Step): Poll => ('close' in step ? closed(poll, step.close) : voted(poll, step)) ?? poll;

const result = (poll: Poll): string =>
  JSON.stringify([
    poll.closed,
    counted(poll)
      .map(({ user, choices }) => `${user} ${choices}`)
      .sort(),
  ]);

function shuffled<T>(all: readonly T[], random: ReturnType<typeof seededRandom>): T[] {
  const left = [...all];
  return all.map(() => left.splice(randomBelow(random, left.length), 1)[0]!);
}

test('votes and the close come to one result in whatever order, and however often, they arrive', () => {
  const seed = process.env.SEED ?? String(Date.now());
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const steps: Step[] = Array.from({ length: 12 }, () => ({
      user: ['ann', 'bob', 'cyn'][randomBelow(random, 3)]!,
      choices: [...new Set([randomBelow(random, 4), randomBelow(random, 3)])],
      at: randomBelow(random, 8),
    }));
    if (randomBelow(random, 2) === 0) steps.push({ close: randomBelow(random, 8) }, { close: randomBelow(random, 8) });
    const one = shuffled(steps, random).reduce(take, EMPTY);
    const other = shuffled([...steps, ...steps], random).reduce(take, EMPTY);
    assert.equal(result(one), result(other), `seed ${seed}`);
    const halves = [steps.slice(0, 6), steps.slice(6)].map((half) => half.reduce(take, EMPTY));
    assert.equal(result(joined(halves[0]!, halves[1]!)), result(one), `seed ${seed}, of two devices`);
  }
});

test('a vote of next year counts for nobody once the poll is closed', () => {
  const early = take(EMPTY, { user: 'bob', choices: [0], at: 10 });
  const late = take(early, { user: 'bob', choices: [1], at: 1e12 });
  const end = closed(late, closingTime(late, 20))!;
  assert.deepEqual([end.closed, counted(end).map(({ choices }) => choices)], [20, [[0]]]);
});

test('what two devices know of pins is the latest word on each', () => {
  const word = (id: number, pinned: boolean, at: number): Words[number] => ({
    id: new Uint8Array(16).fill(id),
    pinned,
    at,
  });
  const [here, there] = [
    [word(1, true, 5), word(2, true, 1)],
    [word(1, false, 6), word(2, false, 1), word(3, true, 2)],
  ];
  const known = (words: Words) => words.map(({ id, pinned, at }) => [id[0], pinned, at]).sort();
  assert.deepEqual(known(joinedPins(here, there)), known(joinedPins(there, here)));
  assert.deepEqual(known(joinedPins(here, there)), [
    [1, false, 6],
    [2, true, 1],
    [3, true, 2],
  ]);
});
