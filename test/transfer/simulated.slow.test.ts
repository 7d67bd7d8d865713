import { test } from 'node:test';
import { simulate } from '../support/simulated.js';

const RUNS = 3_000;

for (let part = 0; part < 10; part++) {
  test(`U4 U5 U7 U8 content is whole after whatever the network did, part ${part}`, () => {
    for (let run = 0; run < RUNS / 10; run++) simulate(`slow ${part} ${run}`);
  });
}
