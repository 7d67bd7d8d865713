import { hasRtl, resolveLevels, toVisual } from './bidi.js';
import { type Glyph, toGlyphs } from './glyphs.js';
import { shape } from './shape.js';
import { wrap } from './wrap.js';

/** Who reorders text that runs from right to left: this program, the terminal, or nobody. */
export type BidiMode = 'app' | 'terminal' | 'off';

/** One row of the screen, glyphs from left to right as they stand there. */
export interface Line {
  readonly glyphs: readonly Glyph[];
  /** Belongs to a paragraph that runs from right to left: to be aligned right. */
  readonly rtl: boolean;
  /** Cells, without spaces that hang beyond the edge. */
  readonly width: number;
  /** Logical extent, UTF-16 code units of the whole text. */
  readonly from: number;
  readonly to: number;
}

const TAB = 4;

const expandTabs = (glyphs: Glyph[]): Glyph[] =>
  glyphs.some((glyph) => glyph.text === '\t')
    ? glyphs.flatMap((glyph) =>
        glyph.text === '\t' ? Array.from({ length: TAB }, () => ({ ...glyph, text: ' ', width: 1 as const })) : [glyph],
      )
    : glyphs;

const moved = (glyph: Glyph, by: number): Glyph =>
  by === 0 ? glyph : { ...glyph, from: glyph.from + by, to: glyph.to + by };

/** Trailing spaces don't count for the width: they may hang. In a row from right to left they stand at the left. */
function trim(glyphs: readonly Glyph[], rtl: boolean, cells: number): readonly Glyph[] {
  let used = glyphs.reduce((sum, glyph) => sum + glyph.width, 0);
  let from = 0;
  let to = glyphs.length;
  while (used > cells && from < to) {
    const glyph = rtl ? glyphs[from++]! : glyphs[--to]!;
    used -= glyph.width;
  }
  return from === 0 && to === glyphs.length ? glyphs : glyphs.slice(from, to);
}

function layParagraph(text: string, offset: number, cells: number, mode: BidiMode): Line[] {
  const logical = expandTabs(toGlyphs(text));
  const turned = mode === 'app' && hasRtl(text);
  const glyphs = turned ? shape(logical) : logical;
  const levels = turned ? resolveLevels(glyphs) : undefined;
  const rtl = levels !== undefined && levels.base === 1;
  return wrap(glyphs, cells).map(({ from, to }) => {
    const visual = levels === undefined ? glyphs.slice(from, to) : toVisual(glyphs, levels, from, to);
    const row = trim(visual, rtl, cells).map((glyph) => moved(glyph, offset));
    return {
      glyphs: row,
      rtl,
      width: row.reduce((sum, glyph) => sum + glyph.width, 0),
      from: offset + (glyphs[from]?.from ?? 0),
      to: offset + (glyphs[to - 1]?.to ?? 0),
    };
  });
}

/** Rows of a text of several paragraphs: shaped, wrapped in logical order, then each row reordered. */
export function layout(text: string, cells: number, mode: BidiMode): Line[] {
  const lines: Line[] = [];
  const width = Math.max(2, cells);
  let offset = 0;
  for (const paragraph of text.split('\n')) {
    for (const line of layParagraph(paragraph, offset, width, mode)) lines.push(line);
    offset += paragraph.length + 1;
  }
  return lines;
}

/** The cell a caret before logical offset `at` belongs to, from the left of the line's text. */
export function caretCell(line: Line, at: number): number {
  let cell = 0;
  for (const glyph of line.glyphs) {
    if (glyph.from <= at && at < glyph.to) return cell;
    cell += glyph.width;
  }
  return line.rtl ? -1 : cell;
}
