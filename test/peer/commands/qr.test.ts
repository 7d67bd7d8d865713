import assert from 'node:assert/strict';
import { test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { qrLines } from '../../../src/peer/commands/qr.js';

const SCALE = 4;

test('T2 what a terminal shows of a safety number is a QR code that a camera reads', () => {
  const number = '0123456789'.repeat(6);
  const rows = qrLines(number);
  const light = rows.flatMap((row) => [
    Array.from(row, (cell) => cell === '█' || cell === '▀'),
    Array.from(row, (cell) => cell === '█' || cell === '▄'),
  ]);
  const [height, width] = [light.length * SCALE, light[0]!.length * SCALE];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const shade = light[Math.floor(y / SCALE)]![Math.floor(x / SCALE)] ? 255 : 0;
      data.fill(shade, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  assert.equal(decodeQR({ width, height, data }), number);
});
