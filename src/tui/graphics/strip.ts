import type { Pixels } from '../log/picture.js';

/**
 * A picture is shown by strips, one for each row of the screen that it covers: a strip is there or not, so a log that scrolls
 * and windows that cover part of it need no cutting.
 */
export interface Strip {
  readonly picture: Pixels;
  /** Which one, of how many. */
  readonly row: number;
  readonly rows: number;
}

/** Where one is shown, in cells. */
export interface Placed extends Strip {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
}

/** The pixels of a strip, in another size. */
export function stripPixels({ picture, row, rows }: Strip, width: number, height: number): Pixels {
  const pixels = new Uint8Array(width * height * 3);
  const top = (row * picture.height) / rows;
  const tall = picture.height / rows;
  for (let y = 0; y < height; y++) {
    const from = Math.min(picture.height - 1, Math.floor(top + ((y + 0.5) * tall) / height));
    for (let x = 0; x < width; x++) {
      const at = (from * picture.width + Math.floor(((x + 0.5) * picture.width) / width)) * 3;
      pixels.set(picture.pixels.subarray(at, at + 3), (y * width + x) * 3);
    }
  }
  return { width, height, pixels };
}
