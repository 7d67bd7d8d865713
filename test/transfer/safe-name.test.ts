import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeParts, safeTree } from '../../src/transfer/files/safe-name.js';

const HOSTILE = [
  '../x',
  'a/../../x',
  '..',
  '.',
  '',
  '/etc/passwd',
  '//server/share',
  '\\\\server\\share',
  'C:\\Windows\\x',
  'a//b',
  'a/',
  '/a',
  'a\0.txt',
  'a/..\\..\\x',
  `${'d/'.repeat(40)}x`,
];

for (const path of HOSTILE) {
  test(`U11 '${path.slice(0, 20).replace('\0', '<NUL>')}' is refused`, () => {
    assert.throws(() => safeParts(path), { code: 'unsafe-name' });
  });
}

const AWKWARD: readonly [given: string, becomes: string][] = [
  ['photo.jpg', 'photo.jpg'],
  ['.ssh/authorized_keys', '_ssh/authorized_keys'],
  ['.bashrc', '_bashrc'],
  ['...', '_'],
  ['con', '_con'],
  ['NUL.txt', '_NUL.txt'],
  ['com1', '_com1'],
  ['COM1 .x', '_COM1 .x'],
  ['a:b', 'a_b'],
  ['a\\b', 'a_b'],
  ['name. . .', 'name'],
  ['x\u202egpj.exe', 'xgpj.exe'],
  ['a\u001b[2Jb', 'ab'],
  ['Ｌatin ⁄ slash', 'Ｌatin _ slash'],
  ['日本語/写真.png', '日本語/写真.png'],
];

for (const [given, becomes] of AWKWARD) {
  test(`U11 '${JSON.stringify(given)}' becomes harmless`, () => {
    assert.equal(safeParts(given).join('/'), becomes);
  });
}

test('U11 inside a folder that comes along a name may begin with a dot, and leads nowhere else', () => {
  const inside = (path: string): string => safeParts(path, true).join('/');
  assert.equal(inside('proj/.git/config'), 'proj/.git/config');
  assert.equal(inside('.proj/.x'), '_proj/.x');
  assert.equal(inside('.bashrc'), '_bashrc');
  assert.equal(inside('proj/...'), 'proj/_');
  assert.equal(inside('proj/. x'), 'proj/_x');
  assert.throws(() => safeParts('proj/..', true), { code: 'unsafe-name' });
  assert.throws(() => safeParts('proj/../x', true), { code: 'unsafe-name' });
});

test('U11 whatever the path, the parts stay in their folder, and are safe already', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('..', '.', '', 'con', '...', ' .', '\\', 'a'.repeat(400)),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      let parts: string[];
      try {
        parts = safeParts(pieces.join('/'));
      } catch {
        return;
      }
      for (const part of parts) {
        assert.ok(part !== '' && part !== '.' && part !== '..' && !part.startsWith('.'));
        assert.ok(!/[/\\\0]/.test(part) && Buffer.byteLength(part) <= 255, JSON.stringify(part));
      }
      assert.deepEqual(safeParts(parts.join('/')), parts);
    }),
    { numRuns: 2_000 },
  );
});

test('U11 names which some disk takes for the same get numbers, and none lies under another file', () => {
  const tree = safeTree(['A.txt', 'a.txt', 'a.TXT', 'b', 'b/c', 'caf\u00e9', 'cafe\u0301']);
  assert.deepEqual(
    tree.map((parts) => parts.join('/')),
    ['A.txt', 'a (2).txt', 'a (3).TXT', 'b (2)', 'b/c', 'caf\u00e9', 'caf\u00e9 (2)'],
  );
});
