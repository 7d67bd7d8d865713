import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveThrough } from './seeds.js';

for (const scenario of ['delivery', 'agreement'] as const) {
  test(`a seed is the same story each time: ${scenario}`, async () => {
    const [first, other] = await liveThrough(scenario, ['replayed', 'another']);
    const [again] = await liveThrough(scenario, ['replayed']);
    assert.equal(again, first);
    assert.notEqual(other, first);
  });
}
