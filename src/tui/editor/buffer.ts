/** Text with a caret; every function gives a new one. The caret stands between graphemes, in UTF-16 code units. */
export interface Buffer {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY: Buffer = { text: '', cursor: 0 };

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** Start of the grapheme before `at`; 0 at the beginning. */
export function before(text: string, at: number): number {
  if (at <= 0) return 0;
  return segmenter.segment(text).containing(at - 1)?.index ?? 0;
}

/** End of the grapheme at `at`; the text's length at its end. */
export function after(text: string, at: number): number {
  const found = segmenter.segment(text).containing(at);
  return found === undefined ? text.length : found.index + found.segment.length;
}

/** `at`, or the nearest grapheme boundary before it: joining what was apart can make one grapheme of two. */
function snap(text: string, at: number): number {
  const found = segmenter.segment(text).containing(at);
  return found === undefined || found.index === at ? Math.min(at, text.length) : found.index + found.segment.length;
}

/** Replaces [from, to) and sets the caret behind the replacement. */
export function splice(buffer: Buffer, from: number, to: number, put = ''): Buffer {
  const text = buffer.text.slice(0, from) + put + buffer.text.slice(to);
  return { text, cursor: snap(text, from + put.length) };
}

export const insert = (buffer: Buffer, put: string): Buffer => splice(buffer, buffer.cursor, buffer.cursor, put);

export const moveTo = (buffer: Buffer, cursor: number): Buffer => ({ text: buffer.text, cursor });

/** Start of the word the caret stands in or behind. */
export function wordBefore({ text, cursor }: Buffer): number {
  let at = cursor;
  while (at > 0 && !WORD.test(text.slice(before(text, at), at))) at = before(text, at);
  while (at > 0 && WORD.test(text.slice(before(text, at), at))) at = before(text, at);
  return at;
}

/** End of the word the caret stands in or before. */
export function wordAfter({ text, cursor }: Buffer): number {
  let at = cursor;
  while (at < text.length && !WORD.test(text.slice(at, after(text, at)))) at = after(text, at);
  while (at < text.length && WORD.test(text.slice(at, after(text, at)))) at = after(text, at);
  return at;
}

export const lineStart = ({ text, cursor }: Buffer): number => text.lastIndexOf('\n', cursor - 1) + 1;

export function lineEnd({ text, cursor }: Buffer): number {
  const end = text.indexOf('\n', cursor);
  return end === -1 ? text.length : end;
}

const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** The caret a line up (-1) or down (1), in the same column of graphemes; undefined where there is no such line. */
export function vertical(buffer: Buffer, by: -1 | 1): Buffer | undefined {
  const start = lineStart(buffer);
  const column = graphemes(buffer.text.slice(start, buffer.cursor)).length;
  const target = by === -1 ? start - 1 : lineEnd(buffer) + 1;
  if (target < 0 || target > buffer.text.length) return undefined;
  const at = moveTo(buffer, target);
  const from = lineStart(at);
  const line = graphemes(buffer.text.slice(from, lineEnd(at)));
  return moveTo(buffer, from + line.slice(0, column).join('').length);
}
