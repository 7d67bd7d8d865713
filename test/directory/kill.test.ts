import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killWhileTaking } from './kill.js';

test('S1 a directory killed while it takes messages has lost nothing it acknowledged', async (t) => {
  assert.ok((await killWhileTaking(t, 2, 1)) > 0);
});
