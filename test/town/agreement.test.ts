import { test } from 'node:test';
import { liveThrough, seedsOf } from './seeds.js';

const rooms = seedsOf('agreement', 12);
const races = seedsOf('joining', 12);

test(`M5 M7 all who are in a room agree on it, whatever went wrong (${rooms.length} seeds)`, async () => {
  await liveThrough('agreement', rooms);
});

test(`M5 M7 people who come in at the same time all come in, whatever goes wrong (${races.length} seeds)`, async () => {
  await liveThrough('joining', races);
});
