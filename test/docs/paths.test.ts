import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commands } from '../../src/commands/commands.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

for (const page of ['docs/architecture.md', 'CONTRIBUTING.md']) {
  test(`every path that ${page} names is there`, () => {
    const text = readFileSync(join(root, page), 'utf8');
    const named = [...text.matchAll(/`((?:src|test|scripts|docs|bench|bin|examples)\/[^`*{ ]*)`/g)].map(
      ([, path]) => path!,
    );
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
}

test('every slash command stands in README.md', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const missing = commands
    .flatMap(({ slash }) => slash ?? [])
    .filter((slash) => !new RegExp(`/${slash}\\b`).test(text));
  assert.deepEqual(missing, []);
});
