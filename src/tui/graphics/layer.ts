import type { Pixels } from '../log/picture.js';
import type { CellSize, Graphics } from './capabilities.js';
import { encodePng } from './png.js';
import { quantise } from './quantise.js';
import { encodeSixel } from './sixel.js';
import { type Placed, type Strip, stripPixels } from './strip.js';

/** Where the size of a cell isn't known and sixels are wanted all the same. */
const USUAL_CELL: CellSize = { width: 10, height: 20 };
const COLORS = 128;
/** Base64 in one sequence of kitty's. */
const CHUNK = 4_096;
/** Strips that the terminal keeps for us. */
const KEPT = 512;

const nameOf = ({ x, y, columns, row }: Placed): string => `${x} ${y} ${columns} ${row}`;

/**
 * The pictures on the screen, over the half blocks in their cells. All that is sent is numbers and base64 of pixels, made
 * here. Kitty keeps what it was given and is only told where; of the others a strip is part of the text, and goes with it.
 */
export class PictureLayer {
  readonly #placed = new Map<string, Placed>();
  /** Kitty's ids, by picture and row; those used last at the end. */
  readonly #ids = new Map<Pixels, Map<number, number>>();
  /** The strips of a picture as they were sent last: they go out anew wherever the log scrolls. */
  readonly #encoded = new WeakMap<Pixels, { readonly how: string; readonly strips: readonly string[] }>();
  readonly #free: number[] = [];
  #nextId = 1;
  #graphics: Graphics | undefined;

  /** Nothing that was placed is there any more. */
  forget(): void {
    this.#placed.clear();
  }

  /** Takes everything off, and gives back what the terminal keeps. */
  clear(): string {
    this.#placed.clear();
    const kept = this.#ids.size > 0;
    this.#ids.clear();
    return kept ? '\x1b_Ga=d,d=A,q=2\x1b\\' : '';
  }

  /**
   * What is wanted now. @param isTouched whether the cells of a strip are written anew this time
   * @returns those whose cells must be written anew, and what to send once they are
   */
  show(
    graphics: Graphics | undefined,
    wanted: readonly Placed[],
    cell: CellSize | undefined,
    isTouched: (strip: Placed) => boolean,
  ): { readonly stale: readonly Placed[]; send(): string } {
    const before = this.#graphics;
    const changed = graphics !== before;
    this.#graphics = graphics;
    const next = new Map(graphics === undefined ? [] : wanted.map((strip) => [nameOf(strip), strip]));
    const gone = [...this.#placed].filter(([name, strip]) => changed || next.get(name)?.picture !== strip.picture);
    for (const [name] of gone) this.#placed.delete(name);
    const stale = gone.map(([, strip]) => strip);
    const cleared = changed ? this.clear() : '';
    const send = (): string => {
      let text = cleared;
      if (before === 'kitty' && !changed) for (const strip of stale) text += this.#takeOff(strip, next);
      for (const [name, strip] of next) {
        if (this.#placed.has(name) && (graphics === 'kitty' || !isTouched(strip))) continue;
        this.#placed.set(name, strip);
        text += `\x1b[${strip.y + 1};${strip.x + 1}H${this.#drawn(graphics!, strip, cell ?? USUAL_CELL)}`;
      }
      return text === '' ? '' : `\x1b7${text}\x1b8`;
    };
    return { stale: before === 'kitty' ? [] : stale, send };
  }

  #drawn(graphics: Graphics, strip: Placed, cell: CellSize): string {
    if (graphics === 'kitty') return this.#kitty(strip);
    const { picture, row, rows, columns } = strip;
    const how = `${graphics} ${rows} ${columns} ${cell.width} ${cell.height}`;
    const known = this.#encoded.get(picture);
    if (known?.how === how) return known.strips[row]!;
    const strips = graphics === 'iterm2' ? inlines(strip) : sixels(strip, cell);
    this.#encoded.set(picture, { how, strips });
    return strips[row]!;
  }

  /** Moved is not gone: it is placed again where it is now. */
  #takeOff({ picture, row }: Placed, next: ReadonlyMap<string, Placed>): string {
    const id = this.#ids.get(picture)?.get(row);
    const stays = [...next.values()].some((strip) => strip.picture === picture && strip.row === row);
    return id === undefined || stays ? '' : `\x1b_Ga=d,d=i,i=${id},q=2\x1b\\`;
  }

  #kitty(strip: Placed): string {
    const { picture, row, columns } = strip;
    const rows = this.#ids.get(picture) ?? new Map<number, number>();
    let given = '';
    let id = rows.get(row);
    if (id === undefined) {
      id = this.#free.pop() ?? this.#nextId++;
      rows.set(row, id);
      given = transmitted(id, pngOf(strip));
    }
    this.#ids.delete(picture);
    this.#ids.set(picture, rows);
    return `${given}\x1b_Ga=p,i=${id},p=1,c=${columns},r=1,C=1,q=2\x1b\\${this.#forgotten(picture)}`;
  }

  /** Of more pictures than are kept the one that was shown longest ago goes. */
  #forgotten(current: Pixels): string {
    let kept = 0;
    for (const rows of this.#ids.values()) kept += rows.size;
    const [oldest, rows] = this.#ids.entries().next().value ?? [];
    if (kept <= KEPT || oldest === undefined || rows === undefined || oldest === current) return '';
    this.#ids.delete(oldest);
    this.#free.push(...rows.values());
    return [...rows.values()].map((id) => `\x1b_Ga=d,d=I,i=${id},q=2\x1b\\`).join('');
  }
}

const pngOf = (strip: Strip): Buffer =>
  encodePng(stripPixels(strip, strip.picture.width, Math.max(1, Math.round(strip.picture.height / strip.rows))));

const inlines = ({ picture, rows, columns }: Placed): string[] =>
  Array.from({ length: rows }, (_, row) => {
    const png = pngOf({ picture, row, rows });
    const how = `inline=1;size=${png.length};width=${columns};height=1;preserveAspectRatio=0;doNotMoveCursor=1`;
    return `\x1b]1337;File=${how}:${png.toString('base64')}\x07`;
  });

/** In the same colours all. */
function sixels({ picture, rows, columns }: Placed, { width, height }: CellSize): string[] {
  const wide = columns * width;
  const indexed = quantise(stripPixels({ picture, row: 0, rows: 1 }, wide, rows * height), COLORS);
  return Array.from({ length: rows }, (_, row) => {
    const from = row * height * wide;
    return encodeSixel({ ...indexed, height, indices: indexed.indices.subarray(from, from + wide * height) });
  });
}

/** As a PNG (f=100) that is kept and not shown yet, in pieces. */
function transmitted(id: number, png: Buffer): string {
  const data = png.toString('base64');
  let text = '';
  for (let at = 0; at < data.length; at += CHUNK) {
    const more = at + CHUNK < data.length ? 1 : 0;
    const keys = at === 0 ? `a=t,f=100,i=${id},q=2,m=${more}` : `m=${more}`;
    text += `\x1b_G${keys};${data.slice(at, at + CHUNK)}\x1b\\`;
  }
  return text;
}
