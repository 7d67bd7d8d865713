import type { Look } from '../paint/theme.js';

/** Three bytes a pixel, red, green, blue, row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A small picture, of two pixels a cell, and the same as terminals show it that can show more. */
export interface Picture extends Pixels {
  readonly fine?: Pixels;
}

/** Pixels of the fine one for one of the small one, either way. */
export const FINE = 8;

/** The average of each block of pixels; an even number of rows, so that it ends with a whole cell. */
export function small(fine: Pixels): Picture {
  const width = Math.max(1, Math.round(fine.width / FINE));
  const height = 2 * Math.max(1, Math.round(fine.height / (2 * FINE)));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      pixels.set(average(fine, x / width, y / height, 1 / width, 1 / height), 3 * (y * width + x));
  }
  return { width, height, pixels, fine };
}

/** Of a part of it, given in parts of the whole. */
function average({ width, height, pixels }: Pixels, x: number, y: number, wide: number, high: number): number[] {
  const [left, top] = [Math.floor(x * width), Math.floor(y * height)];
  const right = Math.max(left + 1, Math.floor((x + wide) * width));
  const bottom = Math.max(top + 1, Math.floor((y + high) * height));
  const sum = [0, 0, 0];
  for (let row = top; row < Math.min(bottom, height); row++) {
    for (let at = (row * width + left) * 3; at < (row * width + Math.min(right, width)) * 3; at++)
      sum[at % 3]! += pixels[at]!;
  }
  const count = Math.max(1, (Math.min(bottom, height) - top) * (Math.min(right, width) - left));
  return sum.map((value) => Math.round(value / count));
}

const STEPS = [0, 95, 135, 175, 215, 255];
const GRAY_FROM = 232;
const GRAYS = 24;

const nearestStep = (value: number): number =>
  STEPS.reduce((best, step, at) => (Math.abs(step - value) < Math.abs(STEPS[best]! - value) ? at : best), 0);

const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);

/** The nearest colour of the 256 that terminals agree on: the cube of 6 × 6 × 6, or a grey. */
export function paletteOf(red: number, green: number, blue: number): number {
  const cube = [red, green, blue].map(nearestStep) as [number, number, number];
  const shade = Math.max(0, Math.min(GRAYS - 1, Math.round(((red + green + blue) / 3 - 8) / 10)));
  const level = 8 + 10 * shade;
  const inCube = distance(
    [red, green, blue],
    cube.map((step) => STEPS[step]!),
  );
  const inGray = distance([red, green, blue], [level, level, level]);
  return inGray < inCube ? GRAY_FROM + shade : 16 + 36 * cube[0] + 6 * cube[1] + cube[2];
}

/** Two pixels a cell, one above the other: the upper half block in one colour on another. */
export function pictureLooks({ width, height, pixels }: Pixels): Look[][] {
  const color = (x: number, y: number): number => {
    const at = (Math.min(y, height - 1) * width + x) * 3;
    return paletteOf(pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0);
  };
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) =>
    Array.from({ length: width }, (_each, x) => ({ fg: color(x, 2 * row), bg: color(x, 2 * row + 1) })),
  );
}

const PPM = /^P6\s+(\d{1,4})\s+(\d{1,4})\s+255\s/;

/** A binary PPM (netpbm), as ffmpeg writes it. Undefined for what is none, or is larger than `most` in either direction. */
export function parsePpm(bytes: Uint8Array, most: number): Pixels | undefined {
  const head = PPM.exec(Buffer.from(bytes.subarray(0, 32)).toString('latin1'));
  if (head === null) return undefined;
  const [width, height] = [Number(head[1]), Number(head[2])];
  const pixels = bytes.subarray(head[0].length);
  const fits = width > 0 && height > 0 && width <= most && height <= most && pixels.length === width * height * 3;
  return fits ? { width, height, pixels } : undefined;
}
