import { hex } from '../../base/bytes.js';
import { LruCache } from '../../base/lru-cache.js';
import type { MessageRow, Tables } from '../storage/tables.js';
import { UNPLACED } from './message-view.js';

/**
 * The order of a direct conversation, which is the same on all devices of both people: by what the author says of a line
 * (`order`), and by ids where two say the same. It is the author's clock, but later than every line that the author had, so
 * that an answer stands behind what it answers whatever the clocks say. Lines of programs that say nothing stand where they
 * came.
 */

/** Lines at the end of a conversation among which a new one finds its place; one that is older than all stands before them. */
const WINDOW = 256;
/** Conversations whose end is remembered. */
const REMEMBERED = 64;
/** A clock may be wrong; one that is wrong by more orders nothing. */
const FUTURE_MS = 366 * 86_400_000;

export interface Standing {
  readonly id: Uint8Array;
  readonly order: number;
  readonly number: number;
}

export class LineOrder {
  readonly #tables: Tables;
  readonly #ends = new LruCache<string, Standing[]>(REMEMBERED);

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** The last lines, in order; to be changed by who adds one. */
  async end(conversation: string): Promise<Standing[]> {
    const known = this.#ends.get(conversation);
    if (known !== undefined) return known;
    const rows: MessageRow[] = [];
    for await (const row of this.#tables.messages.range([conversation], {
      ...{ reverse: true, limit: WINDOW, below: UNPLACED },
    }))
      rows.unshift(row);
    let order = 0;
    const end = rows.map((row) => {
      order = Math.max(order, row.order ?? 0);
      return { id: row.id, order, number: row.number };
    });
    this.#ends.set(conversation, end);
    return end;
  }

  /** What was written of it may not be what is on the disk. */
  forget(conversation: string): void {
    this.#ends.delete(conversation);
  }
}

/** Where among them the line belongs. */
export function indexIn(end: readonly Standing[], line: Omit<Standing, 'number'>): number {
  let at = end.length;
  while (at > 0 && isBefore(line, end[at - 1]!)) at--;
  return at;
}

const isBefore = (one: Omit<Standing, 'number'>, other: Standing): boolean =>
  one.order < other.order || (one.order === other.order && hex(one.id) < hex(other.id));

export function insert(end: Standing[], at: number, line: Standing): void {
  end.splice(at, 0, line);
  if (end.length > WINDOW) end.shift();
}

/** What a line of ours says: after all that this device has. */
export const nextOrder = (end: readonly Standing[], now: number): number => {
  const last = end.at(-1)?.order ?? 0;
  return last < now || last > now + FUTURE_MS ? now : last + 1;
};

/** What a line says of its place, where that can be. */
export const orderSaid = (order: number | undefined, now: number): number | undefined =>
  order !== undefined && order <= now + FUTURE_MS ? order : undefined;
