import type { Entry, Quote } from './entry.js';
import type { MessageLog } from './log.js';
import type { LogRow, RowStyle } from './row.js';
import { entryRows, quoteOf, ruleRow } from './rows.js';

export interface ViewStyle extends RowStyle {
  /** A day's name, local; entries of different names are separated. */
  readonly day: (at: number) => string;
  /** The first entry that was not read yet. */
  readonly firstUnread: string | undefined;
}

/**
 * A window on a log. Only what is visible is ever laid out: the place is kept as the entry and row at the window's
 * bottom, rows above are made going up from there until the window is full.
 */
export class LogView {
  readonly #log: MessageLog;
  /** Undefined while it follows the newest. */
  #bottom: { id: string; row: number } | undefined;
  #cache = new WeakMap<Entry, { readonly key: string; readonly rows: readonly LogRow[] }>();

  constructor(log: MessageLog) {
    this.#log = log;
  }

  /** True while the newest entry is kept in sight. */
  get following(): boolean {
    return this.#bottom === undefined;
  }

  toEnd(): void {
    this.#bottom = undefined;
  }

  /** Brings an entry into sight, in the window's middle where there is room below it. */
  show(id: string, height: number, style: ViewStyle): void {
    const index = this.#log.indexOf(id);
    if (index === -1) return;
    this.#bottom = { id, row: this.#rows(index, style).length - 1 };
    this.scroll(Math.floor(height / 2), height, style);
  }

  /** The rows that fill the window, at most `height`, from the top; and how many entries are above it, out of sight. */
  visible(height: number, style: ViewStyle): { readonly rows: readonly LogRow[]; readonly above: number } {
    const rows: LogRow[] = [];
    let { index, row } = this.#place(style);
    while (rows.length < height && index >= 0) {
      const own = this.#rows(index, style);
      for (let at = Math.min(row, own.length - 1); at >= 0 && rows.length < height; at--) rows.push(own[at]!);
      index -= 1;
      row = Number.POSITIVE_INFINITY;
    }
    return { rows: rows.reverse(), above: index + 1 };
  }

  /** Rows towards the newest (positive) or the oldest (negative); stops at both ends. */
  scroll(by: number, height: number, style: ViewStyle): void {
    let { index, row } = this.#place(style);
    if (index < 0) return;
    row += by;
    while (row < 0 && index > 0) row += this.#rows(--index, style).length;
    for (let own = this.#rows(index, style).length; row >= own && index < this.#log.length - 1; ) {
      row -= own;
      own = this.#rows(++index, style).length;
    }
    this.#settle(index, row, height, style);
  }

  /** Keeps the window full at the top, and follows again at the bottom. */
  #settle(index: number, row: number, height: number, style: ViewStyle): void {
    let above = Math.max(0, row) + 1;
    for (let at = index - 1; at >= 0 && above < height; at--) above += this.#rows(at, style).length;
    let place = Math.max(0, row) + Math.max(0, height - above);
    let own = this.#rows(index, style).length;
    while (place >= own && index < this.#log.length - 1) {
      place -= own;
      own = this.#rows(++index, style).length;
    }
    const atEnd = index === this.#log.length - 1 && place >= own - 1;
    this.#bottom = atEnd ? undefined : { id: this.#log.at(index)!.id, row: place };
  }

  #place(style: ViewStyle): { index: number; row: number } {
    const index = this.#bottom === undefined ? -1 : this.#log.indexOf(this.#bottom.id);
    if (this.#bottom !== undefined && index !== -1) return { index, row: this.#bottom.row };
    this.#bottom = undefined;
    const last = this.#log.length - 1;
    return { index: last, row: last < 0 ? 0 : this.#rows(last, style).length - 1 };
  }

  #rows(index: number, style: ViewStyle): readonly LogRow[] {
    const entry = this.#log.at(index)!;
    const previous = this.#log.at(index - 1);
    const newDay = previous === undefined || style.day(previous.at) !== style.day(entry.at);
    const unread = style.firstUnread === entry.id;
    const quote = this.#quote(entry);
    const key = `${style.width} ${style.bidi} ${newDay} ${unread} ${style.search} ${quote?.from} ${quote?.text} ${style.pictures}`;
    const cached = this.#cache.get(entry);
    if (cached?.key === key) return cached.rows;
    const rows = [
      ...(newDay ? [ruleRow(entry.id, style.day(entry.at), style.width, 'dim', 'border')] : []),
      ...(unread ? [ruleRow(entry.id, 'new', style.width, 'unread')] : []),
      ...entryRows(entry, style, quote),
    ];
    this.#cache.set(entry, { key, rows });
    return rows;
  }

  /** What a reply answers, as it is now; it may be too far back to be loaded. */
  #quote({ replyTo }: Entry): Quote | undefined {
    if (replyTo === undefined) return undefined;
    const answered = this.#log.find(replyTo);
    return answered === undefined ? { from: '', text: 'an earlier message' } : quoteOf(answered);
  }
}
