import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputDecoder, type InputEvent } from '../../../src/tui/input/decoder.js';
import { KEY_NAME, KEY_SEQUENCES } from '../../support/key-sequences.js';

function decode(chunks: readonly string[]): InputEvent[] {
  const decoder = new InputDecoder();
  const events = chunks.flatMap((chunk) => decoder.feed(chunk));
  return [...events, ...decoder.flush()];
}

/** Nothing that was a sequence is typed, and each key has a name that a person could read. */
function sound(events: readonly InputEvent[], of: string): void {
  for (const event of events) {
    if (event.type === 'key') assert.match(event.key, KEY_NAME, JSON.stringify(of));
    if (event.type === 'mouse') assert.ok(Number.isFinite(event.x + event.y), JSON.stringify(of));
  }
}

test('N16 every sequence that terminals are known to send is decoded, and none is typed', () => {
  for (const sequence of KEY_SEQUENCES) {
    const events = decode([sequence]);
    sound(events, sequence);
    const typed = events.filter(({ type }) => type === 'text');
    const beginsPaste = sequence.includes('\x1b[M') || sequence.includes('\x1b[T') || sequence.startsWith('\x1b[t');
    if (!beginsPaste) assert.deepEqual(typed, [], JSON.stringify(sequence));
  }
});

test('N16 the fields of a CSI u key tell its key, its modifiers and that it was let go', () => {
  const keys = (sequence: string): string[] =>
    decode([sequence]).map((event) => (event.type === 'key' ? event.key : event.type));
  assert.deepEqual(keys('\x1b[97:65;2:1;65u'), ['S-a']);
  assert.deepEqual(keys('\x1b[13;5:2u'), ['C-enter']);
  assert.deepEqual(keys('\x1b[13;5:3u'), []);
  assert.deepEqual(keys('\x1b[1;5:1A'), ['C-up']);
  assert.deepEqual(keys('\x1b[57414;1u'), ['enter']);
  assert.deepEqual(keys('\x1b[97;129u'), ['a']);
  assert.deepEqual(keys('\x1b[57441;2u'), []);
});

test('N16 cut off anywhere, split anywhere, and one into the other: nothing throws', () => {
  for (const sequence of KEY_SEQUENCES) {
    for (let at = 1; at < sequence.length; at++) {
      sound(decode([sequence.slice(0, at)]), sequence);
      const [split, whole] = [decode([sequence.slice(0, at), sequence.slice(at)]), decode([sequence])];
      assert.deepEqual(
        split.filter(({ type }) => type !== 'text'),
        whole.filter(({ type }) => type !== 'text'),
        JSON.stringify(sequence),
      );
    }
  }
  const some = fc.constantFrom(...KEY_SEQUENCES);
  const part = fc.oneof(
    some,
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('\x1b', '\x1b[', '\x1b]', ':', ';', '\x9b'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(part, fc.nat(12)), { maxLength: 12 }), (parts) => {
      const decoder = new InputDecoder();
      for (const [text, cut] of parts) decoder.feed(text.slice(0, cut));
      decoder.flush();
    }),
    { numRuns: 2_000 },
  );
});
