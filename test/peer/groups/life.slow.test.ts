import { test } from 'node:test';
import { live } from '../../support/group-life.js';

for (const seed of (process.env.P2PCHAT_SEED ?? 'summer,autumn,winter').split(',')) {
  test(`M5 M7 a room keeps its agreement through 200 random operations by 12 members with restarts (seed ${seed})`, () =>
    live({ seed, members: 12, operations: 200 }));
}
