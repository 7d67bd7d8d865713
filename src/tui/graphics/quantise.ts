import type { Pixels } from '../log/picture.js';

/** A picture in few colours: which of them each pixel has. */
export interface Indexed {
  readonly width: number;
  readonly height: number;
  readonly indices: Uint8Array;
  /** Red, green and blue of each, 0 to 255. */
  readonly colors: readonly (readonly [number, number, number])[];
}

/** Colours are counted by their upper five bits. */
const BITS = 5;
const SHIFT = 8 - BITS;

interface Bin {
  readonly color: readonly [number, number, number];
  readonly key: number;
  count: number;
}

const keyOf = (red: number, green: number, blue: number): number =>
  ((red >> SHIFT) << (2 * BITS)) | ((green >> SHIFT) << BITS) | (blue >> SHIFT);

function bins({ pixels }: Pixels): Bin[] {
  const found = new Map<number, Bin>();
  for (let at = 0; at < pixels.length; at += 3) {
    const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    const key = keyOf(red, green, blue);
    const bin = found.get(key);
    if (bin) bin.count++;
    else found.set(key, { color: [red, green, blue], key, count: 1 });
  }
  return [...found.values()];
}

const CHANNELS = [0, 1, 2] as const;

/** In which colour a box of bins is widest, and how wide. */
function widest(box: readonly Bin[]): { readonly channel: 0 | 1 | 2; readonly width: number } {
  let best = { channel: 0 as 0 | 1 | 2, width: -1 };
  for (const channel of CHANNELS) {
    let [low, high] = [255, 0];
    for (const { color } of box) {
      low = Math.min(low, color[channel]);
      high = Math.max(high, color[channel]);
    }
    if (high - low > best.width) best = { channel, width: high - low };
  }
  return best;
}

const weight = (box: readonly Bin[]): number => box.reduce((sum, { count }) => sum + count, 0);

/** In two halves of as many pixels, along its widest colour. */
function halves(box: readonly Bin[]): [Bin[], Bin[]] {
  const { channel } = widest(box);
  const sorted = [...box].sort((one, other) => one.color[channel] - other.color[channel]);
  const half = weight(box) / 2;
  let sum = 0;
  const at = sorted.findIndex(({ count }) => {
    sum += count;
    return sum >= half;
  });
  const cut = Math.max(1, Math.min(sorted.length - 1, at + 1));
  return [sorted.slice(0, cut), sorted.slice(cut)];
}

function average(box: readonly Bin[]): [number, number, number] {
  const all = weight(box);
  const [red, green, blue] = CHANNELS.map((channel) =>
    Math.round(box.reduce((sum, { color, count }) => sum + color[channel] * count, 0) / all),
  );
  return [red!, green!, blue!];
}

/** Median cut (Heckbert 1982): the box that matters most is cut until there are as many as there may be colours. */
export function quantise(picture: Pixels, most: number): Indexed {
  const boxes: Bin[][] = [bins(picture)];
  while (boxes.length < most) {
    let next = -1;
    let worth = 0;
    for (const [at, box] of boxes.entries()) {
      const value = box.length < 2 ? 0 : weight(box) * widest(box).width;
      if (value > worth) [next, worth] = [at, value];
    }
    if (next === -1) break;
    boxes.splice(next, 1, ...halves(boxes[next]!));
  }
  const place = new Map<number, number>();
  for (const [at, box] of boxes.entries()) for (const { key } of box) place.set(key, at);
  const { width, height, pixels } = picture;
  const indices = new Uint8Array(width * height);
  for (let at = 0; at < indices.length; at++)
    indices[at] = place.get(keyOf(pixels[3 * at]!, pixels[3 * at + 1]!, pixels[3 * at + 2]!))!;
  return { width, height, indices, colors: boxes.map(average) };
}
