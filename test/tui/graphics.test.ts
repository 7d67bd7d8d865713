import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { PictureLayer } from '../../src/tui/graphics/layer.js';
import { encodePng } from '../../src/tui/graphics/png.js';
import { quantise } from '../../src/tui/graphics/quantise.js';
import { encodeSixel } from '../../src/tui/graphics/sixel.js';
import { stripPixels } from '../../src/tui/graphics/strip.js';
import { type Pixels, small } from '../../src/tui/log/picture.js';
import { seededRandom } from '../support/random.js';

function noise(width: number, height: number, seed: number): Pixels {
  const bytes = seededRandom(seed).bytes(width * height * 3);
  return { width, height, pixels: Uint8Array.from(bytes) };
}

/** What a terminal makes of sixels: the colour of each pixel, in percent. */
function decodeSixel(text: string): { width: number; height: number; pixels: string[] } {
  const [, wide, high, data = ''] = /^\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\$/s.exec(text) ?? [];
  const [width, height] = [Number(wide), Number(high)];
  const colors = new Map<number, string>();
  const pixels = Array<string>(width * height).fill('');
  let [color, x, top] = [0, 0, 0];
  for (const [token, set, rgb, run, drawn] of data.matchAll(/#(\d+)(?:;2;(\d+;\d+;\d+))?|!(\d+)|([?-~])|[$-]/g)) {
    if (set !== undefined) {
      color = Number(set);
      if (rgb !== undefined) colors.set(color, rgb);
    } else if (token === '$') x = 0;
    else if (token === '-') [x, top] = [0, top + 6];
    else if (run !== undefined) repeat = Number(run);
    else if (drawn !== undefined) {
      for (let times = repeat; times > 0; times--, x++)
        for (let bit = 0; bit < 6; bit++)
          if (((drawn.charCodeAt(0) - 63) >> bit) & 1) pixels[(top + bit) * width + x] = colors.get(color)!;
      repeat = 1;
    }
  }
  return { width, height, pixels };
}
let repeat = 1;

test('sixels say of every pixel the colour that it was given, and nothing of any beyond', () => {
  const indexed = quantise(noise(23, 20, 1), 64);
  const decoded = decodeSixel(encodeSixel(indexed));
  assert.deepEqual([decoded.width, decoded.height], [23, 20]);
  const wanted = [...indexed.indices].map((at) =>
    indexed.colors[at]!.map((value) => Math.round((value * 100) / 255)).join(';'),
  );
  assert.deepEqual(decoded.pixels, wanted);
});

test('a picture of few colours keeps them, one of many gets as many as it may', () => {
  const two: Pixels = { width: 2, height: 1, pixels: Uint8Array.from([255, 0, 0, 0, 0, 255]) };
  assert.deepEqual([...quantise(two, 128).colors].sort(), [
    [0, 0, 255],
    [255, 0, 0],
  ]);
  assert.equal(quantise(noise(64, 64, 2), 128).colors.length, 128);
  const one = quantise({ width: 3, height: 3, pixels: new Uint8Array(27) }, 128);
  assert.deepEqual([one.colors.length, one.indices.every((at) => at === 0)], [1, true]);
});

test('a PNG holds the pixels as they were', () => {
  const picture = noise(7, 5, 3);
  const png = encodePng(picture);
  const data = png.indexOf('IDAT');
  const rows = inflateSync(png.subarray(data + 4, data + 4 + png.readUInt32BE(data - 4)));
  const pixels: number[] = [];
  for (let y = 0; y < 5; y++)
    for (let at = 0; at < 21; at++)
      pixels.push((rows[y * 22 + 1 + at]! + (y === 0 ? 0 : pixels[(y - 1) * 21 + at]!)) & 255);
  assert.deepEqual(pixels, [...picture.pixels]);
});

test('strips, one below the other, are the picture; the small one has two pixels a cell, whatever the size', () => {
  const picture = noise(16, 32, 4);
  const strips = [0, 1].map((row) => stripPixels({ picture, row, rows: 2 }, 16, 16).pixels);
  assert.deepEqual([...strips[0]!, ...strips[1]!], [...picture.pixels]);
  for (const [width, height] of [
    [384, 192],
    [1, 192],
    [384, 3],
    [250, 191],
  ] as const) {
    const made = small(noise(width, height, 5));
    assert.equal(made.height % 2, 0);
    assert.equal(made.pixels.length, made.width * made.height * 3);
    assert.ok(made.width <= 48 && made.height <= 24, `${made.width} × ${made.height}`);
  }
  assert.deepEqual([...small({ width: 8, height: 16, pixels: new Uint8Array(384).fill(9) }).pixels], Array(6).fill(9));
});

test('what shows its strips as text leaves no pixels behind when another way is chosen, and encodes a picture once', () => {
  const picture = noise(16, 16, 6);
  const strip = { picture, row: 0, rows: 1, x: 2, y: 3, columns: 2 };
  const cell = { width: 8, height: 16 };
  for (const first of ['sixel', 'iterm2'] as const) {
    for (const next of ['kitty', undefined] as const) {
      const layer = new PictureLayer();
      const shown = layer.show(first, [strip], cell, () => false).send();
      assert.equal(layer.show(first, [strip], cell, () => false).send(), '');
      assert.equal(
        layer.show(first, [strip], cell, () => true).send(),
        shown,
        'the same again where its cells are new',
      );
      assert.deepEqual(layer.show(next, [strip], cell, () => false).stale, [strip], `${first}, then ${next}`);
    }
  }
  const kitty = new PictureLayer();
  kitty.show('kitty', [strip], cell, () => false).send();
  const { stale, send } = kitty.show('sixel', [strip], cell, () => false);
  assert.deepEqual(stale, [], 'what lies over the cells is told to go');
  assert.match(send(), /^\x1b7\x1b_Ga=d,d=A,q=2\x1b\\.*\x1bP0;1;0q/s);
});
