import assert from 'node:assert/strict';
import { test } from 'node:test';
import { names, namesAll } from '../../src/peer/messaging/mentions.js';

const NAMED = [
  '@bob',
  'hello @bob!',
  '@BOB, look',
  '(@bob)',
  'is it @bob?',
  'ask @bob.',
  'ask @bob...',
  '«@bob»',
  'hé @bob',
  'two: @ann @bob',
  "@bob's",
];
const NOT_NAMED = [
  'bob',
  'ann@bob',
  'x.@bob',
  '@bobby',
  '@bob-the-builder',
  '@bob.smith',
  'https://x.example/@bob',
  '@@bob',
  'é@bob',
  '+@bob',
  '',
];

test('a name counts as a word of its own, and not inside words, addresses and paths', () => {
  for (const text of NAMED) assert.ok(names(text, 'Bob'), text);
  for (const text of NOT_NAMED) assert.ok(!names(text, 'bob'), text);
  assert.ok(names('@bob.smith.', 'bob.smith'));
  assert.ok(names('@a_b', 'A_b'));
  assert.ok(names('@bob.', 'bob.'));
});

test('all of a group are named by @all and @everyone', () => {
  assert.ok(namesAll('lunch, @All?'));
  assert.ok(namesAll('@everyone.'));
  assert.ok(!namesAll('@allan and all'));
});

test('P5 a text of nothing but names is read in a moment', () => {
  const text = '@a'.repeat(8_000);
  for (let at = 0; at < 100; at++) assert.ok(!names(text, 'bob'));
});
