import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fit, glyphWidth, isSimple, textWidth, toGlyphs } from '../../../src/tui/text/glyphs.js';
import { type BidiMode, caretCell, type Line, layout } from '../../../src/tui/text/layout.js';
import { cleanText } from '../../../src/wire/text.js';
import { naughtyStrings } from '../../support/blns.js';

const shown = (line: Line): string => line.glyphs.map((glyph) => glyph.text).join('');
const rows = (text: string, cells: number, mode: BidiMode = 'app'): string[] => layout(text, cells, mode).map(shown);

test('a grapheme fills one cell or two, whatever it is made of', () => {
  for (const one of ['a', 'é', 'e\u0301', 'ш', 'ש', 'שּׁ', 'ی', '☺\ufe0e', '─', '☺'])
    assert.equal(glyphWidth(one), 1, one);
  for (const two of ['漢', 'あ', '한', '각', '😀', '👍🏽', '👩\u200d💻', '🇫🇷', '1\ufe0f\u20e3', '❤\ufe0f', 'Ａ'])
    assert.equal(glyphWidth(two), 2, two);
  assert.equal(textWidth('aé漢👩\u200d💻'), 6);
  assert.equal(toGlyphs('👩\u200d💻🇫🇷').length, 2);
});

test('terminals agree about letters and disagree about emoji and clusters', () => {
  for (const text of ['a', '漢', 'שּׁ', 'é', 'ﻼ']) assert.ok(isSimple(text), text);
  for (const text of ['😀', '👍🏽', '👩\u200d💻', '🇫🇷', '❤\ufe0f', 'क्षि']) assert.ok(!isSimple(text), text);
});

test('the short way through letters that stand alone finds what segmenting finds', () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const alone = /^[^\p{M}\p{Cf}\p{Cs}\p{Extended_Pictographic}]$/u;
  for (let code = 0x20; code < 0xd800; code++) {
    const character = String.fromCharCode(code);
    if (!alone.test(character) || character.normalize('NFC') !== character) continue;
    const text = `${character}${character}א${character}`;
    const found = Array.from(segmenter.segment(text), ({ segment }) => segment);
    assert.deepEqual(
      toGlyphs(text).map((glyph) => glyph.text),
      found,
      `U+${code.toString(16)}`,
    );
  }
});

test('what does not fit is cut between graphemes and marked', () => {
  assert.equal(fit('hello', 5), 'hello');
  assert.equal(fit('hello!', 5), 'hell…');
  assert.equal(fit('漢字漢字', 5), '漢字…');
  assert.equal(fit('漢字', 0), '');
});

test('lines break between words, and within a word only where it is longer than the line', () => {
  assert.deepEqual(rows('the quick brown fox', 10), ['the quick ', 'brown fox']);
  assert.deepEqual(rows('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(rows('ab abcdefgh', 4), ['ab ', 'abcd', 'efgh']);
  assert.deepEqual(rows('one\n\ntwo', 10), ['one', '', 'two']);
});

test('wide characters break anywhere and never straddle the edge', () => {
  assert.deepEqual(rows('漢字漢字', 5), ['漢字', '漢字']);
  assert.deepEqual(rows('a漢字', 4), ['a漢', '字']);
  assert.deepEqual(rows('👩\u200d💻👩\u200d💻', 2), ['👩\u200d💻', '👩\u200d💻']);
});

test('Hebrew runs from right to left, with its numbers and Latin words as they are', () => {
  const [line] = layout('שלום world 12', 40, 'app');
  assert.equal(shown(line!), 'world 12 םולש');
  assert.equal(line!.rtl, true);
  const [mixed] = layout('say שלום (now)', 40, 'app');
  assert.equal(shown(mixed!), 'say םולש (now)');
  assert.equal(mixed!.rtl, false);
});

test('brackets are mirrored and points stay with their letter', () => {
  assert.equal(rows('(שלום)', 40)[0], '(םולש)');
  assert.equal(rows('שָׁלוֹם', 40)[0], 'םוֹלשָׁ'.normalize('NFC'));
});

test('an emoji in a Hebrew sentence is no Latin letter', () => {
  assert.equal(rows('שלום 😀 עולם', 40)[0], 'םלוע 😀 םולש');
});

test('rows of a wrapped Hebrew paragraph follow each other in reading order', () => {
  assert.deepEqual(rows('אחת שתיים שלוש', 10), [' םייתש תחא', 'שולש']);
});

test('Persian letters are joined, and a ZWNJ keeps two from joining', () => {
  assert.equal(rows('سلام', 40)[0], '\ufee1\ufefc\ufeb3');
  assert.equal(rows('می\u200cروم', 40)[0]!.normalize('NFC'), '\ufee1\ufeed\ufead\ufbfd\ufee3');
});

test('lam with madda or hamza on the alef, and with marks between, loses nothing', () => {
  assert.equal(rows('لآن', 40)[0], '\ufee5\ufef5');
  assert.equal(rows('لَا', 40)[0], '\ufefb\u064e');
  assert.ok(!rows('لأ لإ لآ ل', 40)[0]!.includes('\0'));
});

test('where the terminal reorders, or nobody, the text stays logical', () => {
  assert.deepEqual(rows('שלום world', 40, 'terminal'), ['שלום world']);
  assert.deepEqual(rows('سلام', 40, 'off'), ['سلام']);
});

test('the caret stands where the letter is on the screen', () => {
  const [line] = layout('ab שלום', 40, 'app');
  assert.equal(caretCell(line!, 0), 0);
  assert.equal(caretCell(line!, 3), 6);
  assert.equal(caretCell(line!, 6), 3);
  const [hebrew] = layout('שלום', 40, 'app');
  assert.equal(caretCell(hebrew!, 4), -1);
  const [persian] = layout('سلام', 40, 'app');
  assert.equal(caretCell(persian!, 2), 1, 'the alef inside a ligature is where the ligature is');
});

test('every row fits, and together the rows hold every letter, for generated text and the Big List of Naughty Strings', () => {
  const check = (text: string, cells: number): void => {
    const clean = cleanText(text);
    const lines = layout(clean, cells, 'app');
    for (const line of lines) assert.ok(line.width <= Math.max(2, cells), JSON.stringify(clean));
    const kept = new Set(lines.flatMap((line) => line.glyphs.map((glyph) => glyph.from)));
    for (const glyph of toGlyphs(clean)) {
      if (/\S/.test(glyph.text) && !/[\u0622-\u0627]/.test(glyph.text)) assert.ok(kept.has(glyph.from), clean);
    }
  };
  for (const text of naughtyStrings) check(text, 20);
  const words = fc.constantFrom(
    'word',
    ' ',
    '\n',
    '\t',
    'שלום',
    'سلام',
    'لا',
    '漢字',
    '👩\u200d💻',
    '(',
    '12',
    'a\u0301',
    '\u200c',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (parts, cells) =>
      check(parts.join(''), cells),
    ),
  );
});
