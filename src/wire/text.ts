/**
 * The one gate for text from others: used before storing and again before painting. What comes out is well-formed NFC
 * without anything a terminal obeys; `clean(clean(x)) === clean(x)` for both variants.
 */

/** UTF-16 code units kept of a message. */
export const BODY_CAP = 16_384;
/** UTF-16 code units kept of a one-line field: a display name, a file's name, a title, a reason. */
export const LINE_CAP = 256;
/** Shown of what went wrong, and of what to do about it: whole sentences, which the other side may have written. */
export const FAILURE_CAP = 2_048;

/** More than this of the input is never looked at: what is removed can't buy more than a constant factor of work. */
const INPUT_FACTOR = 4;
const MARKS = 4;

/*
 * ECMA-48 sequences by their 7-bit and 8-bit introducers. String controls (DCS, SOS, OSC, PM, APC) end with ST or BEL; no
 * class in it contains an introducer, so that matching stays linear. One that never ends loses its introducer only.
 */
const VT =
  /(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;
const LONE_SURROGATE = /\p{Cs}/gu;
const LINE_BREAK = /\r\n|[\u2028\u2029]/g;
const C0 = /[\x00-\x08\x0b-\x1f\x7f]/g;
const C1 = /[\x80-\x9f]/g;
/** Bidi controls, zero-width, tags, fillers; not ZWNJ, ZWJ (joining, emoji) and the variation selectors of emoji. */
const INVISIBLE = /(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;
/** UAX #15's stream-safe bound, before normalising: reordering marks is quadratic in the length of a run. */
const LONG_RUN = /([\p{M}\u200c\u200d]{30})[\p{M}\u200c\u200d]+/gu;
const MANY_MARKS = new RegExp(`([\\p{M}\\u200c\\u200d]{${MARKS}})[\\p{M}\\u200c\\u200d]+`, 'gu');
/** A mark without a base would join the cell before it, which isn't the text's. */
const BASELESS = /(^|\n)[\u200c\u200d]*(\p{M})/gu;
const LEADING_JOINER = /(^|\n)[\u200c\u200d]+/g;
const HARMLESS = /^[\n\x20-\x7e]*$/;

/** Made when the first text is too long: it takes 10 ms, which a command that prints one line does not have. */
let segmenter: Intl.Segmenter | undefined;

const picture = (control: string): string =>
  control === '\x7f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0));

/** The longest whole graphemes of `text` within `cap` code units; whole code points where a grapheme alone exceeds it. */
function cut(text: string, cap: number): string {
  if (text.length <= cap) return text;
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const at = segmenter.segment(text).containing(cap)?.index ?? cap;
  if (at > 0) return text.slice(0, at);
  return text.slice(0, cap).replace(/[\ud800-\udbff]$/, '');
}

function scrub(text: string, cap: number): string {
  return text
    .slice(0, cap * INPUT_FACTOR)
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(LINE_BREAK, '\n')
    .replace(VT, '')
    .replace(C0, picture)
    .replace(C1, '\ufffd')
    .replace(INVISIBLE, '')
    .replace(LONG_RUN, '$1')
    .normalize('NFC')
    .replace(MANY_MARKS, '$1');
}

const rooted = (text: string): string => text.replace(BASELESS, '$1\u25cc$2').replace(LEADING_JOINER, '$1');

/** A message's body: newlines and tabs stay, everything else a terminal obeys or hides is gone. */
export function cleanText(text: string, cap: number = BODY_CAP): string {
  if (text.length <= cap && HARMLESS.test(text)) return text;
  return cut(rooted(scrub(text, cap)), cap);
}

/**
 * What a person writes here, or the program says itself: as `cleanText`, and whole. Whoever sends it measures it and
 * refuses what is too long: nothing is left out without a word.
 */
export const cleanWhole = (text: string): string => cleanText(text, Number.POSITIVE_INFINITY);
/** What is about to be written as one line of a terminal, whoever had a hand in it; never cut. */
export const printable = (line: string): string => cleanText(line, Number.POSITIVE_INFINITY).replace(/\n/g, ' ⏎ ');

/** A one-line field: as `cleanText`, with newlines and tabs replaced by a space and no space at either end. */
export function cleanLine(text: string, cap: number = LINE_CAP): string {
  const flat = scrub(text, cap)
    .replace(/[\n\t]+/g, ' ')
    .replace(/^[\s\u200c\u200d]+/, '');
  return cut(rooted(flat.trimEnd()), cap).trimEnd();
}

const COMBINING = /[\u0300-\u036f]/g;

/**
 * As a search compares texts: letters that were written in two parts are those in one, and accents and case may be left
 * out. Marks that are letters of their own, as in Indian scripts, stay.
 */
export const foldText = (text: string): string =>
  text.normalize('NFD').replace(COMBINING, '').normalize('NFC').toLocaleLowerCase();
