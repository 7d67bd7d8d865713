import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { type Code, hasCode } from '../../src/base/errors.js';
import { htmlPage, textCard } from '../../src/cli/cards.js';
import { readRoster } from '../../src/cli/read-roster.js';

const CLASS = [
  { line: 1, name: 'ann', label: 'Ann Ä.', group: 'homework' },
  { line: 2, name: 'ben' },
];
const text = 'ann,Ann Ä.,#homework\nben\n';
const utf16 = (content: string, littleEndian: boolean): Uint8Array => {
  const bytes = Buffer.from(`\ufeff${content}`, 'utf16le');
  return new Uint8Array(littleEndian ? bytes : bytes.swap16());
};

test('a roster with commas, semicolons or tabs, headings or none, in each Unicode', () => {
  assert.deepEqual(readRoster(utf8(text)), CLASS);
  assert.deepEqual(readRoster(utf8(`\ufeff${text.replaceAll(',', ';')}`)), CLASS);
  assert.deepEqual(readRoster(utf8(text.replaceAll(',', '\t').replaceAll('\n', '\r\n'))), CLASS);
  assert.deepEqual(readRoster(utf16(text, true)), CLASS);
  assert.deepEqual(readRoster(utf16(text, false)), CLASS);
  const headed = 'Group;Login;Label\n homework ; ann ;"Ann Ä."\n\n;ben;\n';
  assert.deepEqual(readRoster(utf8(headed)), [
    { ...CLASS[0], line: 2 },
    { ...CLASS[1], line: 4 },
  ]);
});

test('what is wrong with a roster is told by its line, and nothing of it is taken', () => {
  const latin1 = new Uint8Array(Buffer.from('ann\nben,Bj\xf6rn\n', 'latin1'));
  const unmarked = new Uint8Array(Buffer.from('ann\nben\n', 'utf16le'));
  for (const [bytes, code, words] of [
    [latin1, 'roster-encoding', /^Line 2 is not UTF-8; it looks like Latin-1/],
    [unmarked, 'roster-encoding', /^Line 1 is not UTF-8; it looks like UTF-16/],
    [utf8(''), 'roster-line', /nobody/],
    [utf8('name,label\n'), 'roster-line', /nobody/],
    [utf8('ann\nben\nANN\n'), 'roster-line', /^Line 3: 'ANN' stands in line 1 already/],
    [utf8('ann\n,Ben\n'), 'roster-line', /^Line 2 has no name/],
    [utf8('ann\nBen Miller\n'), 'roster-line', /^Line 2: 'Ben Miller'/],
    [utf8('ann\nben,"Ben\ncleo\n'), 'roster-line', /^Line \d: a quotation mark/],
    [utf8('ann\nben,"B" x,\n'), 'roster-line', /^Line 2: its quotation marks/],
    [utf8('ann\nben,Ben,room,more\n'), 'roster-line', /^Line 2 has 4 columns/],
    [utf8('name,colour\nann,red\n'), 'roster-line', /^Line 1: 'colour' is no column/],
    [utf8('a b\nc d\ne f\ng h\ni j\nk l\n'), 'roster-line', /Line 5.* And 1 more/],
  ] as const) {
    assert.throws(
      () => readRoster(bytes),
      (error) => hasCode(error, code as Code) && words.test(error.message),
      String(words),
    );
  }
});

test('T1 a card says what its pupil types, and a page of cards is text wherever the roster has a hand in it', () => {
  const card = {
    name: 'ann',
    label: '<script>alert(1)</script>&',
    code: '123456 apple banana cherry',
    directory: '192.0.2.1:4000',
    until: '2026-12-31',
  };
  const lines = textCard({ ...card, label: 'Ann' }).join('\n');
  for (const part of ['Ann', 'p2pchat join --directory 192.0.2.1:4000', card.code, card.until]) {
    assert.ok(lines.includes(part), part);
  }
  const page = htmlPage([card]);
  assert.ok(!page.includes('<script'));
  assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;&amp;'));
  assert.doesNotMatch(page, /https?:|src=|href=/);
});
