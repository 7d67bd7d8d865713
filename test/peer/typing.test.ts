import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TypingEvent } from '../../src/peer/api/events.js';
import { Typing } from '../../src/peer/messaging/typing.js';
import { TYPING_EVERY_MS, TYPING_FOR_MS } from '../../src/wire/limits.js';
import { ManualClock } from '../support/clock.js';

function room() {
  const clock = new ManualClock();
  const told: string[] = [];
  const seen: string[] = [];
  const wishes = { on: true };
  const typing = new Typing({
    clock,
    isOn: () => wishes.on,
    send: (conversation, active) => told.push(`${conversation} ${active}`),
    emit: ({ conversation, user, state }: TypingEvent) => seen.push(`${conversation} ${user} ${state}`),
  });
  return { clock, told, seen, typing, wishes };
}

test('many keys are told once in three seconds, and that one has stopped once', () => {
  const { clock, told, typing } = room();
  for (let at = 0; at < 70; at++) {
    typing.say('@bob', true);
    clock.advance(100);
  }
  assert.deepEqual(told, Array<string>(Math.ceil(7_000 / TYPING_EVERY_MS)).fill('@bob true'));
  typing.say('@bob', false);
  typing.say('@bob', false);
  assert.deepEqual(told.slice(3), ['@bob false']);
});

test('whoever goes in the middle of a word is not typing for ever, also where the clock is set', () => {
  const { clock, seen, typing } = room();
  typing.heard('#lobby', 'bob', true);
  clock.jump(-86_400_000);
  clock.advance(TYPING_EVERY_MS);
  typing.heard('#lobby', 'Bob', true);
  clock.advance(TYPING_FOR_MS - 1);
  assert.deepEqual(seen, ['#lobby bob started']);
  clock.advance(1);
  assert.deepEqual(seen, ['#lobby bob started', '#lobby bob stopped']);
});

test('a message ends it, and the next key after one is told at once', () => {
  const { seen, told, typing } = room();
  typing.heard('@bob', 'bob', true);
  typing.spoke('@bob', 'bob');
  typing.heard('@bob', 'bob', false);
  assert.deepEqual(seen, ['@bob bob started', '@bob bob stopped']);
  typing.say('@bob', true);
  typing.sent('@bob');
  typing.say('@bob', true);
  assert.deepEqual(told, ['@bob true', '@bob true']);
});

test('P8 whoever starts and stops all the time is shown once in three seconds', () => {
  const { clock, seen, typing } = room();
  for (let at = 0; at < 10_000; at++) typing.heard('@bob', 'bob', at % 2 === 0);
  assert.deepEqual(seen, ['@bob bob started', '@bob bob stopped']);
  clock.advance(TYPING_EVERY_MS);
  typing.heard('@bob', 'bob', true);
  assert.equal(seen.at(-1), '@bob bob started');
});

test('P8 a thousand who type take no more than their place', () => {
  const { seen, typing } = room();
  for (let at = 0; at < 1_000; at++) typing.heard('#lobby', `m${at}`, true);
  assert.equal(seen.length, 256);
});

test('turned off it tells nothing and shows nothing', () => {
  const { seen, told, typing, wishes } = room();
  wishes.on = false;
  typing.say('@bob', true);
  typing.heard('@bob', 'bob', true);
  assert.deepEqual([...seen, ...told], []);
});
