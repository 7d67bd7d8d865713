import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ATTACKS } from '../attackers/attacks.js';
import { AREAS, CATALOGUE } from '../support/catalogue.js';

interface NamedTest {
  readonly ids: readonly string[];
  readonly name: string;
  readonly file: string;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { namedTests } = (await import(new URL('../../../scripts/security-tests.mjs', import.meta.url).href)) as {
  namedTests(root: string): NamedTest[];
};
const tests = namedTests(root);
const known = new Set(CATALOGUE.map(({ id }) => id));

test('every row of the catalogue stands there once, in an area, and is tried by a test', () => {
  assert.equal(known.size, CATALOGUE.length);
  assert.deepEqual(
    CATALOGUE.filter(({ id }) => AREAS[id.charAt(0)] === undefined),
    [],
  );
  const tried = new Set(tests.flatMap(({ ids }) => ids));
  assert.deepEqual(
    [...known].filter((id) => !tried.has(id)),
    [],
  );
});

test('the ids that names of tests begin with are those of the catalogue', () => {
  const unknown = tests.filter(({ ids }) => !ids.every((id) => known.has(id)));
  assert.deepEqual(
    unknown.map(({ ids, name, file }) => `${file}: ${ids.join(' ')} ${name}`),
    [],
  );
});

test('each attack of our own has its name and is what a row says', () => {
  assert.equal(new Set(ATTACKS.map(({ name }) => name)).size, ATTACKS.length);
  for (const { name, ids } of ATTACKS) assert.ok(ids.length > 0 && ids.every((id) => known.has(id)), name);
});

test('the ids that the threat model names are those of the catalogue', () => {
  const text = readFileSync(new URL('../../../docs/threat-model.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/\[([A-Z]\d+(?:(?:, |–)[A-Z]\d+)*)\]/g)].flatMap(([, ids]) => ids!.split(/, |–/));
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter((id) => !known.has(id)),
    [],
  );
});
