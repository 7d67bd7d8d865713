import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';

const seeds = seedsOf('delivery', 12);

test(`P7 direct messages arrive once and in order on all devices, whatever goes wrong (${seeds.length} seeds)`, async () => {
  await liveThrough('delivery', seeds);
});
