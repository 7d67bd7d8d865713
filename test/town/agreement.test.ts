import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';

const rooms = seedsOf('agreement', 12);
const races = seedsOf('joining', 12);

test(`M5 M7 all who are in a room agree on it, whatever went wrong (${rooms.length} seeds)`, async () => {
  await liveThrough('agreement', rooms);
});

// A fault that is known and not cured, so the run tells of it each time and goes on: TOWN_SEED=joining-0 has a device of an
// account that was removed and came back by another device, and it does not hear what is said from then on.
const todo = 'TOWN_SEED=joining-0: a second device of who was removed and came back hears nothing';
test(`M5 M7 people who come in at the same time all come in, whatever goes wrong (${races.length} seeds)`, {
  todo,
}, async () => {
  await liveThrough('joining', races);
});
