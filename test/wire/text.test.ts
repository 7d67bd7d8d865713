import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BODY_CAP, cleanLine, cleanText, LINE_CAP } from '../../src/wire/text.js';
import { naughtyStrings } from '../support/blns.js';

/** Anything a terminal obeys, and what hides or reorders text. */
const HOSTILE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e0fff}]/u;

/** Strings rich in introducers, terminators, marks, joiners and halves of surrogate pairs. */
const hostileString = fc
  .array(
    fc.oneof(
      fc.constantFrom('\x1b', '[', ']', '31m', '\x9b', '\x9d', '\x07', '\x1b\\', '\x9c', 'P', '\r', '\n', '\t', ' '),
      fc.constantFrom('\u0301', '\u0323', '\u200d', '\u200c', '\u202e', '\u200b', '\u2028', '\ufeff', '\u{e0041}'),
      fc.constantFrom('\ud83d', '\ude00', '👩', '🏽', '\ufe0f', 'e', 'ה', 'ی', '한', '\u1100', '\u1161', '\u212b'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

test('T1 sequences a terminal obeys vanish whole, and remaining controls are shown', () => {
  assert.equal(cleanText('a\x1b[31mred\x1b[0m b'), 'ared b');
  assert.equal(cleanText('\x1b]0;title\x07x\x1b]52;c;cHduZWQ=\x1b\\y\x1b]8;;http://a\x1b\\z'), 'xyz');
  assert.equal(cleanText('\x1bPq#0;2\x1b\\a\x1b_apc\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\d'), 'abcd');
  assert.equal(cleanText('\x9b2Ja\x9d0;t\x9cb\x90q\x9cc'), 'abc');
  assert.equal(cleanText('\x1bca\x1b(0b\x1b#8c'), 'abc');
  assert.equal(cleanText('a\x1b'), 'a␛');
  assert.equal(cleanText('a\bb\rc\x00d\x7fe'), 'a␈b␍c␀d␡e');
  assert.equal(cleanText('a\x85b\x84c'), 'a\ufffdb\ufffdc');
});

test('T1 a sequence inside a sequence leaves nothing that works', () => {
  assert.equal(cleanText('\x1b\x1b[0m[31mred'), '␛[31mred');
  assert.equal(cleanText('\x1b]0;never ends'), '0;never ends');
  assert.equal(cleanText('\x1b\u200b[31mx'), '␛[31mx');
});

test('T2 a one-line field has no line breaks and no tabs, whatever they are written as', () => {
  assert.equal(cleanLine('photo.png\nbob: hi\r\nx\ty\u2028z'), 'photo.png bob: hi x y z');
  assert.equal(cleanLine('  \n padded\u200d \n'), 'padded\u200d');
  assert.equal(cleanText('one\r\ntwo\u2029three'), 'one\ntwo\nthree');
});

test('T2 tags of the screen library are text like any other', () => {
  assert.equal(cleanText('{bold}{red-fg}x{/}'), '{bold}{red-fg}x{/}');
});

test('T3 bidi controls, zero-width and tag characters are deleted; ZWNJ and ZWJ stay', () => {
  assert.equal(cleanText('a\u202eb\u2066c\u2069d\u200be\u2060f\ufeffg\u{e0041}h\u00adi\u200fj'), 'abcdefghij');
  assert.equal(cleanText('می\u200cخواهم 👩\u200d💻'), 'می\u200cخواهم 👩\u200d💻');
});

test('T3 ten thousand combining marks become four', () => {
  const zalgo = `x${'\u0323\u0301'.repeat(5_000)}y`;
  const clean = cleanText(zalgo, 40_000);
  assert.match(clean, /^\P{M}\p{M}{1,4}y$/u);
  assert.ok([...cleanText(`x${'\u0301\u200d'.repeat(5_000)}y`)].length <= 6);
});

test('T3 a mark without a base gets its own', () => {
  assert.equal(cleanText('\u0301a\n\u200d\u0301b'), '◌\u0301a\n◌\u0301b');
  assert.equal(cleanLine('\u200d x'), 'x');
});

test('text is normalised and well-formed', () => {
  assert.equal(cleanText('e\u0301'), 'é');
  assert.equal(cleanText('a\ud83db'), 'a\ufffdb');
  assert.equal(cleanText('\ude00'), '\ufffd');
});

test('lengths are capped between graphemes', () => {
  assert.equal(cleanText('x'.repeat(BODY_CAP + 5)).length, BODY_CAP);
  assert.equal(cleanLine('x'.repeat(LINE_CAP + 5)).length, LINE_CAP);
  assert.equal(cleanText('ab👩\u200d💻', 4), 'ab');
  assert.equal(cleanText('a👩\u200d💻', 2), 'a');
  assert.equal(cleanText('😀', 1), '');
});

test('T1 T3 cleaning is idempotent and leaves nothing hostile, for generated strings', () => {
  fc.assert(
    fc.property(hostileString, fc.integer({ min: 1, max: 80 }), (text, cap) => {
      for (const clean of [cleanText, cleanLine]) {
        const once = clean(text, cap);
        assert.equal(clean(once, cap), once);
        assert.equal(once.normalize('NFC'), once);
        assert.ok(once.length <= cap);
        assert.doesNotMatch(once, HOSTILE);
        assert.doesNotMatch(once, /\p{Cs}/u);
        assert.doesNotMatch(once, /[\p{M}\u200c\u200d]{5}/u);
      }
      assert.doesNotMatch(cleanLine(text, cap), /[\n\t]/);
    }),
    { numRuns: 3_000 },
  );
});

test('T1 T2 T3 the Big List of Naughty Strings comes out harmless', () => {
  for (const text of naughtyStrings) {
    assert.doesNotMatch(cleanText(text), HOSTILE);
    assert.equal(cleanText(cleanText(text)), cleanText(text));
    assert.equal(cleanLine(cleanLine(text)), cleanLine(text));
  }
});

test('T3 the work is linear in the input, for the inputs that are worst for a backtracking matcher', () => {
  for (const unit of ['\x9d', '\x1b]', '\x1b[', '\x1bP0', '\x9b;', '\u0301\u0323', '\u200d', '👩\u200d', '\x1b ']) {
    const clean = cleanText(unit.repeat(200_000), 1_000_000);
    assert.equal(cleanText(clean, 1_000_000), clean);
  }
});
