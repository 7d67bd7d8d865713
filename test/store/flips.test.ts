import assert from 'node:assert/strict';
import { it } from 'node:test';
import { flipBits } from './flips.js';

it('S5 no flipped bit in the files of the store goes unnoticed', async (t) => {
  const { found, harmless } = await flipBits(60, 5);
  t.diagnostic(`${found} found, ${harmless} in bytes that mean nothing`);
  assert.ok(found > 0);
});
