import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

test('every source that a decision names is there', () => {
  const sources = ['src', 'test', 'scripts', 'node_modules/ts-mls'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => basename(name)),
  );
  const folder = join(root, 'docs', 'decisions');
  const gone = readdirSync(folder).flatMap((page) =>
    [...readFileSync(join(folder, page), 'utf8').matchAll(/`(?:[\w./-]*\/)?([\w-]+(?:\.[\w-]+)*\.ts)`/g)]
      .filter(([, name]) => !sources.includes(name!))
      .map(([path]) => `${page}: ${path}`),
  );
  assert.deepEqual(gone, []);
});

test('every slash command stands on the page of commands', () => {
  const text = readFileSync(join(root, 'docs', 'commands.md'), 'utf8');
  const missing = commands
    .flatMap(({ slash }) => slash ?? [])
    .filter((slash) => !new RegExp(`/${slash}\\b`).test(text));
  assert.deepEqual(missing, []);
});
