import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killWhileTaking } from './kill.js';

test('S1 a directory killed 40 times while it takes messages has lost nothing it acknowledged', async (t) => {
  const seed = Date.now();
  t.diagnostic(`seed ${seed}`);
  assert.ok((await killWhileTaking(t, 40, seed)) > 0);
});
