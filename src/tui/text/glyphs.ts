import { eastAsianWidth } from 'get-east-asian-width';

/** One grapheme as the screen keeps it: what a person calls a character, and the cells it fills. */
export interface Glyph {
  readonly text: string;
  /** Cells: 1 or 2. */
  readonly width: 1 | 2;
  /** Where it stands in the logical text, UTF-16 code units, end exclusive. */
  readonly from: number;
  readonly to: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const PLAIN = /^[\x20-\x7e]*$/;
const EMOJI = /^(?:\p{RI}{2}|\p{Emoji_Presentation}|\p{Emoji}.?\ufe0f)/u;
const TEXT_STYLE = /^.\ufe0e/u;
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
/** Width of an emoji is where terminals disagree; of clusters with several spacing characters, too. */
const SIMPLE = /^[^\p{Extended_Pictographic}\p{RI}][\p{Mn}\p{Me}]{0,4}$/u;

/** Cells a single grapheme fills. Ambiguous characters count one, as terminals do outside East Asian locales. */
export function glyphWidth(grapheme: string): 1 | 2 {
  if (grapheme.length === 1) return eastAsianWidth(grapheme.charCodeAt(0)) === 2 ? 2 : 1;
  if (EMOJI.test(grapheme) && !TEXT_STYLE.test(grapheme)) return 2;
  let cells = 0;
  for (const character of grapheme) {
    if (!ZERO.test(character)) cells += eastAsianWidth(character.codePointAt(0)!);
  }
  return cells > 1 ? 2 : 1;
}

/** Whether terminals agree on how far this grapheme moves the cursor. */
export const isSimple = (grapheme: string): boolean => SIMPLE.test(grapheme) && !grapheme.includes('\ufe0f');

/**
 * Letters and signs of which none joins another to a grapheme: Latin, Greek, Cyrillic, Hebrew, Arabic, Persian, kana,
 * ideographs and Hangul syllables. Segmenting costs some fifty times as much.
 */
const SINGLE =
  /^[\t\x20-\x7e\xa0-\u02ff\u0370-\u0482\u048a-\u058f\u05d0-\u05ea\u0620-\u064a\u0660-\u066f\u0671-\u06d5\u06f0-\u06fc\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3]*$/;

function singleGlyphs(text: string): Glyph[] {
  const glyphs: Glyph[] = new Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    glyphs[at] = { text: character, width: character < '\u1100' ? 1 : glyphWidth(character), from: at, to: at + 1 };
  }
  return glyphs;
}

/** The graphemes of one line of text, in logical order. */
export function toGlyphs(text: string): Glyph[] {
  if (SINGLE.test(text)) return singleGlyphs(text);
  const glyphs: Glyph[] = [];
  for (const { segment, index } of segmenter.segment(text)) {
    glyphs.push({ text: segment, width: glyphWidth(segment), from: index, to: index + segment.length });
  }
  return glyphs;
}

/** Cells a line of text fills. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) cells += glyphWidth(segment);
  return cells;
}

/** The longest beginning of `text` that fills at most `cells`, with an ellipsis where something is left out. */
export function fit(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  let used = 1;
  let end = 0;
  for (const glyph of toGlyphs(text)) {
    if (used + glyph.width > cells) break;
    used += glyph.width;
    end = glyph.to;
  }
  return cells < 1 ? '' : `${text.slice(0, end)}…`;
}
