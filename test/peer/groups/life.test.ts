import { test } from 'node:test';
import { live } from '../../support/group-life.js';

const seed = process.env.P2PCHAT_SEED ?? 'spring';

test(`M5 M7 a room keeps its agreement through 40 random operations by 5 members with restarts (seed ${seed})`, () =>
  live({ seed, members: 5, operations: 40 }));
