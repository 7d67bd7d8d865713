import { deedOf } from '../../commands/format-message.js';
import type { Style } from '../paint/theme.js';
import { nameStyle } from '../paint/theme.js';
import { fit, textWidth, toGlyphs } from '../text/glyphs.js';
import { type BidiMode, layout } from '../text/layout.js';
import { batchSpans } from './batch-rows.js';
import { bodyRows, saidRows } from './body-rows.js';
import type { Entry, Quote } from './entry.js';
import { type Picture, pictureLooks } from './picture.js';
import { pollRows } from './poll-rows.js';
import type { LogRow, Part, RowStyle } from './row.js';
import { type Span, wrapSpans } from './spans.js';
import { headSpans, stateRows } from './transfer-rows.js';
import { uploadHead, uploadState } from './upload-rows.js';

const TIME = 5;
const MARK = 2;
const NARROW = 54;
const MIDDLE = 70;

/** Columns of a log: time, name, delivery mark, text. */
function columns(width: number): {
  readonly name: number;
  readonly nameWidth: number;
  readonly mark: number;
  readonly text: number;
} {
  const nameWidth = width < NARROW ? 8 : width < MIDDLE ? 10 : 12;
  const name = TIME + 1;
  const mark = name + nameWidth + 1;
  return { name, nameWidth, mark, text: mark + MARK + 1 };
}

const STATE: Readonly<Record<NonNullable<Entry['state']>, { readonly text: string; readonly style: Style }>> = {
  queued: { text: '…', style: 'warn' },
  stored: { text: '↑', style: 'dim' },
  delivered: { text: '✓', style: 'ok' },
  read: { text: '✓✓', style: 'ok' },
  failed: { text: '✗', style: 'error' },
};

/** What the marks mean, for the help. */
export const STATE_LEGEND = Object.entries(STATE).map(([state, { text }]) => ({ text, state }));

/** In a group, how many have read it: `✓3`. */
function stateOf(
  { readBy }: Pick<Entry, 'readBy'>,
  state: NonNullable<Entry['state']>,
): { readonly text: string; readonly style: Style } {
  const readers = readBy?.length ?? 0;
  return state === 'read' && readers > 0 ? { text: `✓${readers > 9 ? '+' : readers}`, style: 'ok' } : STATE[state];
}

const part = (x: number, text: string, style: Style): Part => ({ x, glyphs: toGlyphs(text), style });

function headParts(
  entry: Pick<Entry, 'at' | 'from' | 'own' | 'readBy'> & { readonly state?: Entry['state'] | undefined },
  look: RowStyle,
): Part[] {
  const { name, nameWidth, mark } = columns(look.width);
  const shown = fit(entry.from, nameWidth);
  const state = entry.state === undefined ? undefined : stateOf(entry, entry.state);
  return [
    part(0, look.clock(entry.at), 'dim'),
    part(name + nameWidth - textWidth(shown), shown, entry.own ? 'own' : nameStyle(entry.from)),
    ...(state === undefined ? [] : [part(mark, state.text, state.style)]),
  ];
}

const isGone = ({ deleted, hidden }: Entry): boolean => deleted === true || hidden === true;

function said({ text, edited, deleted, hidden, poll }: Entry): string {
  if (hidden) return 'A message of somebody you have blocked.';
  if (deleted) return 'This message was taken back.';
  if (poll) return poll.question;
  return edited ? `${text} (edited)` : text;
}

/** One line of what is answered. */
const QUOTED = 200;
export const quoteOf = (entry: Entry): Quote => ({
  from: entry.from,
  text: said(entry).slice(0, QUOTED).replace(/\s+/g, ' '),
});

function messageRows(entry: Entry, look: RowStyle, quote: Quote | undefined): LogRow[] {
  const { text } = columns(look.width);
  const style: Style = entry.mentioned ? 'mention' : entry.own ? 'own' : 'text';
  const rows: Part[][] = [];
  if (quote) {
    const quoted = fit(`╭ ${quote.from === '' ? '' : `${quote.from}: `}${quote.text}`, Math.max(2, look.width - text));
    rows.push(bodyRows(quoted, text, 'dim', { ...look, search: '' }).slice(0, 1));
  }
  // As IRC has it: `*`, which nobody can be called, stands in the place of the name, and the name begins the text.
  const act = isGone(entry) ? undefined : deedOf(entry.text);
  const body = act === undefined ? said(entry) : `${entry.from} ${act}${entry.edited ? ' (edited)' : ''}`;
  rows.push(...saidRows(body, text, isGone(entry) ? 'dim' : style, look));
  if (entry.poll && !isGone(entry)) rows.push(...pollRows(entry.poll, text, look));
  rows[0]!.push(...headParts(act === undefined ? entry : { ...entry, from: '*' }, look));
  const marks = [
    ...(entry.pinned ? ['⚑ pinned'] : []),
    ...Array.from(entry.reactions ?? [], ([emoji, count]) => `${emoji} ${count}`),
  ];
  if (marks.length > 0) rows.push([part(text, fit(marks.join('  '), Math.max(2, look.width - text)), 'dim')]);
  return rows.map((parts) => ({ parts, id: entry.id }));
}

/** Spans one behind the other, from a column on. */
function spanParts(spans: readonly Span[], x: number, bidi: BidiMode): Part[] {
  const parts: Part[] = [];
  for (const { text, style } of spans) {
    const [line] = layout(text, Number.MAX_SAFE_INTEGER, bidi);
    parts.push({ x, glyphs: line?.glyphs ?? [], style });
    x += textWidth(text);
  }
  return parts;
}

/** Half blocks, where pictures are wanted and there is room. */
function pictureRows(picture: Picture | undefined, x: number, { width, pictures }: RowStyle): Part[][] {
  if (picture === undefined || pictures !== true || x + picture.width > width) return [];
  const glyphs = toGlyphs('▀'.repeat(picture.width));
  const { fine } = picture;
  return pictureLooks(picture).map((looks, row, { length: rows }) => [
    { x, glyphs, style: 'text' as const, looks, ...(fine && { strip: { picture: fine, row, rows } }) },
  ]);
}

/** A file: what it is, how it stands with it, and perhaps what it shows. */
function fileRows(entry: Entry, look: RowStyle, what: readonly Span[], state: readonly (readonly Span[])[]): LogRow[] {
  const { text, mark } = columns(look.width);
  const cells = Math.max(2, look.width - text);
  const [head = [], ...more] = wrapSpans(what, cells);
  const sign = part(mark, entry.own ? '⇡' : '⇣', 'accent');
  const rows = [...more, ...state.flatMap((spans) => wrapSpans(spans, cells))];
  return [
    [...headParts({ ...entry, state: undefined }, look), sign, ...spanParts(head, text, look.bidi)],
    ...rows.map((spans) => spanParts(spans, text, look.bidi)),
    ...pictureRows(entry.picture, text, look),
  ].map((parts) => ({ parts, id: entry.id }));
}

function transferRows(entry: Entry, look: RowStyle): LogRow[] {
  const transfer = entry.transfer!;
  const cells = Math.max(2, look.width - columns(look.width).text);
  if (entry.batch) return fileRows(entry, look, headSpans(transfer.event), wrapSpans(batchSpans(entry.batch), cells));
  return fileRows(entry, look, headSpans(transfer.event), stateRows(transfer, cells, look.home ?? ''));
}

const uploadRows = (entry: Entry, upload: NonNullable<Entry['upload']>, look: RowStyle): LogRow[] =>
  fileRows(entry, look, uploadHead(upload), [uploadState(upload, entry.own, entry.uploadState, look.home ?? '')]);

/** Sign and style of what nobody said. */
function signOf({ kind, sign }: Entry): readonly [string, Style] {
  if (kind === 'error') return ['!', 'error'];
  if (kind === 'event') return [sign ?? '·', sign === '→' || sign === '+' ? 'ok' : sign === '✗' ? 'warn' : 'dim'];
  return ['·', 'dim'];
}

/**
 * What a command said may be a table: it gets all the room there is, behind a line of its own, so that no text of others
 * in it can pass for a message.
 */
function outputRows(entry: Entry, look: RowStyle): LogRow[] {
  const { name } = columns(look.width);
  return bodyRows(entry.text, name + 2, 'text', look).map((row) => ({
    parts: [part(name, '│', 'border'), row],
    id: entry.id,
  }));
}

/** What the program says stands below the texts, its sign in the column of the marks. */
function noticeRows(entry: Entry, look: RowStyle): LogRow[] {
  const { text, mark } = columns(look.width);
  const [sign, style] = signOf(entry);
  const body: Style = entry.kind === 'error' ? 'error' : entry.sign === '+' ? 'text' : 'dim';
  return bodyRows(entry.text, text, body, look).map((row, at) => ({
    parts: at === 0 ? [part(0, look.clock(entry.at), 'dim'), part(mark, sign, style), row] : [row],
    id: entry.id,
  }));
}

/** The rows of an entry by itself, without what separates it from the one before. */
export function entryRows(entry: Entry, look: RowStyle, quote?: Quote): LogRow[] {
  if (entry.upload !== undefined && !isGone(entry)) return uploadRows(entry, entry.upload, look);
  if (entry.kind === 'message') return messageRows(entry, look, quote);
  if (entry.kind === 'transfer') return transferRows(entry, look);
  return entry.kind === 'output' ? outputRows(entry, look) : noticeRows(entry, look);
}

/** A line across the log with a word in it: a new day, or where the unread begins. */
export function ruleRow(id: string, label: string, width: number, style: Style, line: Style = style): LogRow {
  const title = fit(` ${label} `, Math.max(0, width - 4));
  const left = Math.max(0, Math.floor((width - textWidth(title)) / 2));
  const right = left + textWidth(title);
  return {
    parts: [
      part(0, '─'.repeat(left), line),
      part(left, title, style),
      part(right, '─'.repeat(Math.max(0, width - right)), line),
    ],
    id,
  };
}
