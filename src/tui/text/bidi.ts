import bidiJs from 'bidi-js';
import type { Glyph } from './glyphs.js';

/** The module is CommonJS and is the factory; its typings describe an ES module. */
const bidi = (bidiJs as unknown as typeof bidiJs.default)();

const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const ASTRAL_RTL = /^[\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const SYMBOL = /^[\p{Extended_Pictographic}\p{S}\p{P}]/u;
const WHITE = /^\s$/;

/** Whether anything in `text` is written from right to left. */
export const hasRtl = (text: string): boolean => RTL.test(text);

/**
 * One code unit of the same direction for each grapheme: bidi-js looks at code units, and takes the halves of an emoji
 * for Latin letters.
 */
function proxy(glyph: Glyph): string {
  const unit = glyph.text.charCodeAt(0);
  if (unit < 0xd800 || unit > 0xdbff) return glyph.text[0]!;
  if (ASTRAL_RTL.test(glyph.text)) return '\u05d0';
  return SYMBOL.test(glyph.text) ? '\u2605' : 'a';
}

export interface Levels {
  /** Embedding level of each glyph; odd runs from right to left. */
  readonly levels: Uint8Array;
  /** Level of the paragraph, by its first strong character: 0 or 1. */
  readonly base: number;
}

/** Embedding levels of one paragraph (UAX #9), one for each glyph. */
export function resolveLevels(glyphs: readonly Glyph[]): Levels {
  const { levels, paragraphs } = bidi.getEmbeddingLevels(glyphs.map(proxy).join(''), 'auto');
  return { levels, base: paragraphs[0]?.level ?? 0 };
}

const mirrored = (glyph: Glyph): Glyph => {
  const text = glyph.text.length === 1 ? bidi.getMirroredCharacter(glyph.text) : null;
  return text === null ? glyph : { ...glyph, text };
};

/** One row of a paragraph in visual order: rules L1 (trailing white space), L2 (reversal) and L4 (mirroring). */
export function toVisual(glyphs: readonly Glyph[], { levels, base }: Levels, from: number, to: number): Glyph[] {
  const row = glyphs.slice(from, to);
  const level = Array.from(levels.subarray(from, to));
  for (let at = row.length - 1; at >= 0 && WHITE.test(row[at]!.text); at--) level[at] = base;
  const order = row.map((_, at) => at);
  const highest = Math.max(0, ...level);
  for (let depth = highest; depth > 0; depth--) {
    for (let at = 0; at < order.length; at++) {
      if (level[order[at]!]! < depth) continue;
      let end = at;
      while (end + 1 < order.length && level[order[end + 1]!]! >= depth) end++;
      reverse(order, at, end);
      at = end;
    }
  }
  return order.map((at) => (level[at]! % 2 === 1 ? mirrored(row[at]!) : row[at]!));
}

function reverse(order: number[], from: number, to: number): void {
  for (; from < to; from++, to--) [order[from], order[to]] = [order[to]!, order[from]!];
}
