import decodeQR from 'qr/decode.js';

const SCALE = 4;

/** What a camera reads in rows of half blocks, the light ones drawn. */
export function readQr(rows: readonly string[]): string {
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
  return decodeQR({ width, height, data });
}
