import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputDecoder, type InputEvent } from '../../../src/tui/input/decoder.js';

function decode(...chunks: string[]): InputEvent[] {
  const decoder = new InputDecoder();
  const events = chunks.flatMap((chunk) => decoder.feed(chunk));
  return [...events, ...decoder.flush()];
}

const keys = (...chunks: string[]): string[] =>
  decode(...chunks).map((event) => (event.type === 'key' ? event.key : `<${event.type}>`));

test('text comes as text, keys by name', () => {
  assert.deepEqual(decode('héllo שלום'), [{ type: 'text', text: 'héllo שלום' }]);
  assert.deepEqual(keys('\r', '\n', '\t', '\x7f', '\x01', '\x1b[A', '\x1bOB', '\x1b[1;5C', '\x1b[3~', '\x1b[Z'), [
    'enter',
    'C-j',
    'tab',
    'backspace',
    'C-a',
    'up',
    'down',
    'C-right',
    'delete',
    'S-tab',
  ]);
  assert.deepEqual(keys('\x1b[5~\x1b[6;2~\x1b[15~\x1bOP\x1b[[A'), ['pageup', 'S-pagedown', 'f5', 'f1', 'f1']);
});

test('Alt is Escape before a key; modified Enter is told apart where the terminal tells', () => {
  assert.deepEqual(keys('\x1bb', '\x1b\r', '\x1b\x7f', '\x1b\x1b[D'), ['M-b', 'M-enter', 'M-backspace', 'M-left']);
  assert.deepEqual(keys('\x1b\x8c', '\x1b\u00a0', '\x1b\u200b', '\x1b '), ['M-space']);
  assert.deepEqual(keys('\x1b[13;2u', '\x1b[27;5;13~'), ['S-enter', 'C-enter']);
});

test('a lone Escape is a key once nothing follows', () => {
  const decoder = new InputDecoder();
  assert.deepEqual(decoder.feed('\x1b'), []);
  assert.equal(decoder.pending, true);
  assert.deepEqual(decoder.flush(), [{ type: 'key', key: 'escape' }]);
  assert.equal(decoder.pending, false);
  assert.deepEqual(keys('\x1b', '[', 'A'), ['up']);
});

test('pasted text is never keys, whatever is in it and however it is split', () => {
  const paste = '\x1b[200~rm -rf\r\n\x1b[A\x03\x1b[201~';
  const expected = [
    { type: 'paste', text: 'rm -rf\r\n\x1b[A\x03' },
    { type: 'text', text: 'x' },
  ];
  assert.deepEqual(decode(`${paste}x`), expected);
  assert.deepEqual(decode(...`${paste}x`), expected);
});

test('mouse reports are assembled, wheels told apart, motion ignored', () => {
  assert.deepEqual(decode('\x1b[<0;5', ';3M', '\x1b[<0;5;3m'), [
    { type: 'mouse', action: 'press', button: 0, x: 4, y: 2 },
    { type: 'mouse', action: 'release', button: 0, x: 4, y: 2 },
  ]);
  assert.deepEqual(
    decode('\x1b[<64;1;1M\x1b[<65;1;1M').map((event) => 'action' in event && event.action),
    ['wheelup', 'wheeldown'],
  );
  assert.deepEqual(decode('\x1b[<35;5;3M'), []);
  assert.deepEqual(decode('\x1b[M', ' !', '"', 'a'), [
    { type: 'mouse', action: 'press', button: 0, x: 0, y: 1 },
    { type: 'text', text: 'a' },
  ]);
});

test('a sequence nobody knows is swallowed whole, and a broken one takes no text with it', () => {
  assert.deepEqual(decode('\x1b[?1;2ca\x1b[99;99;99~b'), [
    { type: 'answer', text: '\x1b[?1;2c' },
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]);
  assert.deepEqual(decode('\x1b[12', '\x01é').at(-1), { type: 'text', text: 'é' });
  assert.deepEqual(decode('\x1b[I\x1b[O'), [
    { type: 'focus', focused: true },
    { type: 'focus', focused: false },
  ]);
});

test('where the chunks are split makes no difference', () => {
  const parts = fc.constantFrom(
    'a',
    'é',
    '\r',
    '\x1b[A',
    '\x1b[1;5D',
    '\x1bOP',
    '\x1b[<0;1;1M',
    '\x1b[M !!',
    '\x1bx',
    '\x1b[200~p\nq\x1b[201~',
    '\x1b[I',
    '\x1b[[B',
  );
  const joined = (events: InputEvent[]): string => JSON.stringify(events).replaceAll('"},{"type":"text","text":"', '');
  fc.assert(
    fc.property(fc.array(parts), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (input, sizes) => {
      const whole = input.join('');
      const chunks: string[] = [];
      for (let at = 0, turn = 0; at < whole.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        chunks.push(whole.slice(at, at + size));
        at += size;
      }
      assert.equal(joined(decode(...chunks)), joined(decode(whole)));
    }),
  );
});

test('a paste is taken whole, in whatever pieces it comes; one beyond all measure is refused whole', () => {
  const decoder = new InputDecoder();
  const piece = 'word '.repeat(60_000);
  decoder.feed('\x1b[200~');
  for (let at = 0; at < 20; at++) assert.deepEqual(decoder.feed(piece), []);
  const [event] = decoder.feed('\x1b[201~');
  assert.ok(event?.type === 'paste' && event.text === piece.repeat(20));
  decoder.feed('\x1b[200~');
  const huge = 'x'.repeat(1 << 24);
  for (let at = 0; at < 5; at++) decoder.feed(huge);
  assert.deepEqual(decoder.feed('\x1b[201~a'), [
    { type: 'paste-refused', length: 5 * huge.length },
    { type: 'text', text: 'a' },
  ]);
});
