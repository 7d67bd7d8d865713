import { test } from 'node:test';
import { simulate } from '../support/simulated.js';

const RUNS = 40;

test('U4 U5 U7 U8 content is whole after whatever the network did', () => {
  for (let run = 0; run < RUNS; run++) simulate(`short ${run}`);
});
