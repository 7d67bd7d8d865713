import { test } from 'node:test';
import { race } from '../support/mls-race.js';

test('M5 50 members commit at once, 1,000 times', async () => {
  await race({ members: 50, rounds: 1_000, suite: 'classic', seed: 50 });
});
