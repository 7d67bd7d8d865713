import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paletteOf, parsePpm, pictureLooks } from '../../../src/tui/log/picture.js';

const ppm = (head: string, bytes: number): Uint8Array => Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 200)]);

test('a picture is read where it is whole and small enough, and nothing else is', () => {
  assert.equal(parsePpm(ppm('P6\n4 2\n255\n', 24), 48)?.width, 4);
  for (const [head, bytes] of [
    ['P6\n4 2\n255\n', 23],
    ['P6\n4 2\n255\n', 25],
    ['P6\n0 2\n255\n', 0],
    ['P6\n49 1\n255\n', 147],
    ['P6\n9999 9999\n255\n', 10],
    ['P5\n4 2\n255\n', 24],
    ['P6\n-4 2\n255\n', 24],
    ['P6\n4 2\n65535\n', 24],
    ['', 0],
  ] as const)
    assert.equal(parsePpm(ppm(head, bytes), 48), undefined, JSON.stringify(head));
});

test('colours are the nearest of the 256', () => {
  assert.equal(paletteOf(0, 0, 0), 16);
  assert.equal(paletteOf(255, 255, 255), 231);
  assert.equal(paletteOf(255, 0, 0), 196);
  assert.equal(paletteOf(118, 118, 118), 243);
});

test('two pixels stand in a cell, the upper one in front; an odd last row is doubled', () => {
  const pixels = Uint8Array.from([255, 0, 0, 0, 0, 255, 255, 255, 255]);
  assert.deepEqual(pictureLooks({ width: 1, height: 3, pixels }), [[{ fg: 196, bg: 21 }], [{ fg: 231, bg: 231 }]]);
});
