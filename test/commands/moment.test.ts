import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lifetimeOf, secondsOrSpan } from '../../src/commands/duration.js';
import { momentOf } from '../../src/commands/moment.js';
import { foldText } from '../../src/wire/text.js';

const now = new Date(2026, 2, 15, 12, 0).getTime();
const local = (...parts: [number, number, number, number?, number?]): number => new Date(...parts).getTime();

test('dates have one form everywhere', () => {
  for (const [word, at] of [
    ['2026-01-31', local(2026, 0, 31)],
    ['2026-01-31 18:00', local(2026, 0, 31, 18)],
    ['2026-01-31T18:00:00Z', Date.UTC(2026, 0, 31, 18)],
    ['today', local(2026, 2, 15)],
    ['Yesterday', local(2026, 2, 14)],
    ['yesterday 14:30', local(2026, 2, 14, 14, 30)],
    ['9:05', local(2026, 2, 15, 9, 5)],
    ['14:30', local(2026, 2, 14, 14, 30)],
    ['7d', now - 7 * 86_400_000],
    [String(now), now],
  ] as const) {
    assert.equal(momentOf(word, now), at, word);
  }
  for (const word of ['', 'someday', '25:00', '2026-13-01', 'yesterday noon', '7', '-1d']) {
    assert.equal(momentOf(word, now), undefined, word);
  }
});

test('durations have one form everywhere; a bare number is seconds', () => {
  assert.deepEqual(['30', '30s', '1h', '7d', '1d12h', '0.5', 'soon', '-1', '1e3'].map(secondsOrSpan), [
    ...[30, 30, 3_600, 604_800, 129_600, 0.5],
    ...[undefined, undefined, undefined],
  ]);
  assert.deepEqual(['off', 'Never', '1m'].map(lifetimeOf), [0, 0, 60]);
});

test('a search finds a letter however it was typed', () => {
  assert.equal(foldText('Éclair'), foldText('e\u0301clair'));
  assert.equal(foldText('Straße'), 'straße');
  assert.equal(foldText('Ёлка'), foldText('ёлка'));
  // A vowel sign is no accent.
  assert.notEqual(foldText('कि'), foldText('क'));
});
