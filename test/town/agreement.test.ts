import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';

for (const [scenario, count] of [
  ['small-agreement', 36],
  ['agreement', 4],
] as const) {
  const rooms = seedsOf(scenario, count);
  test(`M5 M7 all who are in a room agree on it, whatever went wrong (${scenario}, ${rooms.length} seeds)`, async () => {
    await liveThrough(scenario, rooms);
  });
}

for (const [scenario, count] of [
  ['small-joining', 36],
  ['joining', 4],
] as const) {
  const races = seedsOf(scenario, count);
  test(`M5 M7 people who come in at the same time all come in, whatever goes wrong (${scenario}, ${races.length} seeds)`, async () => {
    await liveThrough(scenario, races);
  });
}
