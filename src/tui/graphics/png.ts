import { crc32, deflateSync } from 'node:zlib';
import type { Pixels } from '../log/picture.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Eight bits each of red, green and blue, no interlacing. */
const DEPTH_AND_KIND = [8, 2, 0, 0, 0];

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A PNG file of it. */
export function encodePng({ width, height, pixels }: Pixels): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set(DEPTH_AND_KIND, 8);
  const row = width * 3;
  // Before each row stands its filter: 2 says by how much it differs from the row above, which packs well.
  const rows = Buffer.alloc((row + 1) * height);
  for (let y = 0; y < height; y++) {
    rows[y * (row + 1)] = 2;
    for (let at = 0; at < row; at++) {
      const above = y === 0 ? 0 : pixels[(y - 1) * row + at]!;
      rows[y * (row + 1) + 1 + at] = pixels[y * row + at]! - above;
    }
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
