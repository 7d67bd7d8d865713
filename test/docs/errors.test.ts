import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AREAS, CODES } from '../../src/base/errors/codes.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('the pages made from tables are what the tables say', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/documents.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('a code stands in one area', () => {
  const all = Object.values(AREAS).flatMap((codes) => Object.keys(codes));
  assert.deepEqual([...all].sort(), Object.keys(CODES).sort());
});

test('every code is used, and says what happened and what to do in whole sentences', () => {
  const sources = ['src', 'bin']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((name) => name.endsWith('.ts') && !name.startsWith(join('src', 'base', 'errors', '/')))
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('\n');
  for (const [code, [, what, next]] of Object.entries(CODES)) {
    assert.ok(sources.includes(`'${code}'`), `${code} is thrown nowhere`);
    assert.match(next, /[.?!:)A-Z]$/, `${code}: the next step is a sentence`);
    assert.notEqual(what, '', code);
  }
});
