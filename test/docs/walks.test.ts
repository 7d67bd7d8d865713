import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/architecture.md', import.meta.url)), 'utf8');
const WALK = PAGE.slice(PAGE.indexOf('### A private message'), PAGE.indexOf('### A group post'));

/** The rooms of the peer in the order in which a way through them names their files. */
function roomsOf(way: string): string[] {
  const rooms = [...way.matchAll(/`src\/peer\/([\w/-]+)\/[\w-]+\.ts`/g)].map(([, room]) => room!);
  return rooms.filter((room, at) => room !== rooms[at - 1]);
}

const [, there = '', back = ''] = WALK.split(/^From the .*:$/m);

for (const [name, way] of [
  ['to the socket', there],
  ['to the screen', back.slice(0, back.indexOf('\n\n'))],
] as const) {
  test(`a private message enters each room of the peer once on its way ${name}`, () => {
    const rooms = roomsOf(way);
    assert.ok(rooms.length > 3, `${rooms} are all that the page names`);
    assert.deepEqual(rooms, [...new Set(rooms)]);
  });
}
