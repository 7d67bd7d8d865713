import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from '../support/mls-fuzz.js';

test('M2 1,500 broken messages meet typed errors only', async () => {
  const tally = await fuzz(1_500, 2);
  assert.equal(tally.size, 8);
});
