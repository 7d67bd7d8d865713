import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../support/random.js';
import { fuzzEach } from './each.js';
import { fuzz } from './fuzz.js';

const { coverage, planted } = await fuzzEach(12);

test('the fuzzer finds a fault that takes three right bytes, for the coverage leads to it', async () => {
  const found = fuzz(planted, {
    ...{ random: seededRandom('planted'), batches: 3_000, corpus: [], coverage },
    ours: /\/dist\/test\/fuzz\/targets\.js$/,
  });
  await assert.rejects(found, /planted on ZnV6/);
});
