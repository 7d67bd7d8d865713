import type { Glyph } from './glyphs.js';

/** A row of a wrapped paragraph: glyphs `from` to `to`, end exclusive. */
export interface Row {
  readonly from: number;
  readonly to: number;
}

const isSpace = (glyph: Glyph): boolean => glyph.text === ' ' || glyph.text === '\t';

/**
 * Breaks one paragraph into rows of at most `cells` (2 or more), in logical order: between words where that is possible, between
 * graphemes where a word alone is longer. Wide characters (CJK) break anywhere. Spaces at a break hang beyond the edge.
 */
export function wrap(glyphs: readonly Glyph[], cells: number): Row[] {
  const rows: Row[] = [];
  let from = 0;
  let used = 0;
  let breakAt = -1;
  for (let at = 0; at < glyphs.length; at++) {
    const glyph = glyphs[at]!;
    if (isSpace(glyph)) {
      breakAt = at + 1;
      used += glyph.width;
      continue;
    }
    if (glyph.width === 2 && at > from) breakAt = at;
    if (used + glyph.width > cells && at > from) {
      const end = breakAt > from ? breakAt : at;
      rows.push({ from, to: end });
      from = end;
      used = cellsOf(glyphs, end, at);
      breakAt = -1;
    }
    used += glyph.width;
    if (glyph.width === 2) breakAt = at + 1;
  }
  rows.push({ from, to: glyphs.length });
  return rows;
}

function cellsOf(glyphs: readonly Glyph[], from: number, to: number): number {
  let cells = 0;
  for (let at = from; at < to; at++) cells += glyphs[at]!.width;
  return cells;
}
