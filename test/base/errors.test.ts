import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitOf } from '../../src/base/errors.js';

test('N38 whatever an error of somebody else says of waiting, the next try comes, and not at once', () => {
  const cases: [unknown, number][] = [
    [2, 2_000],
    [0.5, 500],
    [900, 900_000],
    [2 ** 31, 900_000],
    [Number.MAX_SAFE_INTEGER, 900_000],
    [Number.POSITIVE_INFINITY, 900_000],
    ...[-1, Number.NaN, '5', 'soon', undefined, null, true].map((value): [unknown, number] => [value, 0]),
  ];
  for (const [seconds, ms] of cases) {
    assert.equal(waitOf({ details: { seconds } as never }), ms, String(seconds));
  }
});

test('N38 nothing reads it otherwise to wait', () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url));
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    // The page for guests is a program for browsers: it has nothing of base, and tries four times at most.
    .filter((name) => name.endsWith('.ts') && !name.startsWith('page/'))
    .filter((name) =>
      /Number\([^)]*details\??\.seconds|details\??\.seconds[^\n]*\* ?1_?000/.test(
        readFileSync(join(src, name), 'utf8'),
      ),
    );
  assert.deepEqual(found, []);
});
