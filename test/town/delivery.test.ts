import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';

for (const [scenario, count] of [
  ['small-delivery', 36],
  ['delivery', 4],
] as const) {
  const seeds = seedsOf(scenario, count);
  test(`P7 direct messages arrive once and in order on all devices, whatever goes wrong (${scenario}, ${seeds.length} seeds)`, async () => {
    await liveThrough(scenario, seeds);
  });
}
