import type { Indexed } from './quantise.js';

/** DEC's sixels: for each six rows and each colour a line of characters, whose bits say which of the six pixels have it. */

const BAND = 6;
const FIRST = 63;
/** So often the same is said by its number. */
const WORTH_COUNTING = 3;

const percent = (value: number): number => Math.round((value * 100) / 255);

/** `!12~` for twelve times the same. */
function runs(bits: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bits.length; ) {
    let end = at + 1;
    while (end < bits.length && bits[end] === bits[at]) end++;
    const character = String.fromCharCode(FIRST + bits[at]!);
    // What is empty at the end of a line needs no word.
    if (end < bits.length || bits[at] !== 0)
      text += end - at > WORTH_COUNTING ? `!${end - at}${character}` : character.repeat(end - at);
    at = end;
  }
  return text;
}

function band({ width, height, indices }: Indexed, top: number): string {
  const byColor = new Map<number, Uint8Array>();
  for (let row = 0; row < Math.min(BAND, height - top); row++) {
    for (let x = 0; x < width; x++) {
      const color = indices[(top + row) * width + x]!;
      const bits = byColor.get(color) ?? new Uint8Array(width);
      byColor.set(color, bits);
      bits[x]! |= 1 << row;
    }
  }
  return Array.from(byColor, ([color, bits]) => `#${color}${runs(bits)}`).join('$');
}

/** The whole sequence: pixels as they are (1:1), nothing where there is none, the colours in percent. */
export function encodeSixel(image: Indexed): string {
  const { width, height, colors } = image;
  const palette = colors.map((color, at) => `#${at};2;${color.map(percent).join(';')}`).join('');
  const bands: string[] = [];
  for (let top = 0; top < height; top += BAND) bands.push(band(image, top));
  return `\x1bP0;1;0q"1;1;${width};${height}${palette}${bands.join('-')}\x1b\\`;
}
