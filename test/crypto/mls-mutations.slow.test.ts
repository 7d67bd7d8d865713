import { test } from 'node:test';
import { fuzz } from '../support/mls-fuzz.js';

test('M2 60,000 broken messages meet typed errors only', async () => {
  for (let seed = 0; seed < 60; seed++) await fuzz(1_000, seed);
});
