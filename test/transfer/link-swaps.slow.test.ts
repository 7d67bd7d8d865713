import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeWhileLinksAreSwapped } from '../support/link-swaps.js';

test('U12 a folder that another process swaps for a link all the time leads nowhere else', {
  skip: process.platform === 'win32' && 'links need a privilege there',
}, async (t) => {
  const refused = await writeWhileLinksAreSwapped(10_000);
  t.diagnostic(`${refused} writes were refused`);
  assert.ok(refused > 0);
});
