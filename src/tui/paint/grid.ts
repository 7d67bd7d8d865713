import type { Placed, Strip } from '../graphics/strip.js';
import { type Glyph, toGlyphs } from '../text/glyphs.js';
import { type BidiMode, layout } from '../text/layout.js';
import type { Look, Style } from './theme.js';

export interface Cell {
  /** A grapheme; '' in the second half of a wide one. */
  text: string;
  /** What it says, or how it looks where that is a picture's. */
  style: Style | Look;
  /** Where a click on it leads: printable ASCII. */
  link?: string | undefined;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Nothing that a terminal obeys gets into a cell, whatever went wrong before. */
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

/** A screenful of cells, painted without a terminal. Nothing outside the clipping rectangle is ever touched. */
export class Grid {
  readonly width: number;
  readonly height: number;
  readonly rows: Cell[][];
  /** Parts of pictures, over the cells that look like this; what is painted over one of them takes it away. */
  readonly strips: {
    readonly x: number;
    readonly y: number;
    readonly looks: readonly Look[];
    readonly strip: Strip;
  }[] = [];
  /** Where the terminal's cursor is to stand, or undefined for none. */
  cursor: { readonly x: number; readonly y: number } | undefined;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.rows = Array.from({ length: height }, () =>
      Array.from({ length: width }, (): Cell => ({ text: ' ', style: 'text' })),
    );
  }

  get area(): Rect {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  /** The strips that are still there. */
  get pictures(): Placed[] {
    return this.strips
      .filter(({ x, y, looks }) => looks.every((look, at) => this.rows[y]?.[x + at]?.style === look))
      .map(({ x, y, looks, strip }) => ({ ...strip, x, y, columns: looks.length }));
  }

  fill({ x, y, width, height }: Rect, style: Style, text = ' '): void {
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let column = Math.max(0, x); column < Math.min(this.width, x + width); column++) {
        this.#put(column, row, text, style);
      }
    }
  }

  /**
   * Glyphs from left to right, at most up to `right` (exclusive).
   * @param styleOf the style of one glyph, where it is not the same for all
   * @returns the column behind the last
   */
  glyphs(
    x: number,
    y: number,
    glyphs: readonly Glyph[],
    style: Style,
    right: number = this.width,
    styleOf: (glyph: Glyph) => Style | Look = () => style,
    linkOf: (glyph: Glyph) => string | undefined = () => undefined,
  ): number {
    if (y < 0 || y >= this.height) return x;
    const edge = Math.min(right, this.width);
    for (const glyph of glyphs) {
      if (x + glyph.width > edge) break;
      const link = linkOf(glyph);
      if (x >= 0) this.#put(x, y, glyph.text, styleOf(glyph), link);
      if (glyph.width === 2 && x + 1 >= 0) this.#put(x + 1, y, '', styleOf(glyph), link);
      x += glyph.width;
    }
    return x;
  }

  /** A program's own text: one line, from left to right. */
  text(x: number, y: number, text: string, style: Style, right?: number): number {
    return this.glyphs(x, y, toGlyphs(text), style, right);
  }

  /** Text that may run from right to left, in one line; what doesn't fit is left out. */
  foreign(x: number, y: number, text: string, style: Style, right: number, mode: BidiMode): number {
    const [line] = layout(text, Math.max(2, right - x), mode);
    return line === undefined ? x : this.glyphs(x, y, line.glyphs, style, right);
  }

  #put(x: number, y: number, text: string, style: Style | Look, link?: string): void {
    const row = this.rows[y]!;
    const cell = row[x]!;
    if (cell.text === '' && text !== '' && x > 0) row[x - 1]!.text = ' ';
    if (text !== '' && x + 1 < this.width && row[x + 1]!.text === '') row[x + 1]!.text = ' ';
    cell.text = CONTROL.test(text) ? '\ufffd' : text;
    cell.style = style;
    cell.link = link;
  }

  /** What stands in a row, for tests and for searching by eye. */
  line(y: number): string {
    return this.rows[y]!.map((cell) => cell.text).join('');
  }
}
