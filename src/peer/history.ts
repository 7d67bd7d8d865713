import { hex } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { timestamp } from '../base/clock.js';
import type { Step } from '../store/local.js';
import type { ConversationSummary, HistoryMessage, HistoryQuery, SearchQuery } from './api.js';
import type { DeliveryState } from './events.js';
import type { ConversationRow, MessageRow, Tables } from './rows.js';

const DEFAULT_PAGE = 50;
const DEFAULT_FINDS = 100;
/** From the weakest to the strongest; a state never goes back. */
const STATES: readonly DeliveryState[] = ['queued', 'stored', 'delivered', 'read'];

export const isAtLeast = (state: DeliveryState, wanted: DeliveryState): boolean =>
  STATES.indexOf(state) >= STATES.indexOf(wanted);

/**
 * The lines of all conversations. Positions are given out in memory, so that a line and everything that belongs to it
 * can be one write; the caller writes the steps.
 */
export class History {
  readonly #tables: Tables;
  readonly #clock: Clock;
  /** The newest state of each conversation, written or about to be. */
  readonly #heads = new Map<string, Promise<ConversationRow>>();

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** The conversation's row, shared and mutable within this process. */
  head(conversation: string): Promise<ConversationRow> {
    const known = this.#heads.get(conversation);
    if (known) return known;
    const loading = this.#load(conversation);
    this.#heads.set(conversation, loading);
    loading.catch(() => this.#heads.delete(conversation));
    return loading;
  }

  async #load(conversation: string): Promise<ConversationRow> {
    const row = await this.#tables.conversations.get(conversation);
    return row ?? { conversation, last: 0, read: 0, number: 0 };
  }

  saveHead(head: ConversationRow): Step {
    return this.#tables.conversations.put([head.conversation], head);
  }

  /** Steps that add a line at the end, and the line as it will stand there. */
  append(
    head: ConversationRow,
    line: Omit<MessageRow, 'number' | 'conversation' | 'receivedAt'>,
  ): { row: MessageRow; steps: Step[] } {
    const row = { ...line, conversation: head.conversation, number: ++head.last, receivedAt: this.#clock.now() };
    return { row, steps: [this.saveHead(head), this.#put(row), this.#place(row)] };
  }

  /** A line of a group, at its place in the group's log or, until it has one, behind all that have. */
  lineAt(
    conversation: string,
    number: number,
    line: Omit<MessageRow, 'number' | 'conversation' | 'receivedAt'>,
  ): { row: MessageRow; steps: Step[] } {
    const row = { ...line, conversation, number, receivedAt: this.#clock.now() };
    return { row, steps: [this.#put(row), this.#place(row)] };
  }

  /** A line leaves its number for another one. */
  move(row: MessageRow, number: number, change: Partial<MessageRow>): { row: MessageRow; steps: Step[] } {
    const moved = { ...row, ...change, number };
    const gone = this.#tables.messages.remove([row.conversation, row.number]);
    return { row: moved, steps: [gone, this.#put(moved), this.#place(moved)] };
  }

  /** The line at the same place, changed. */
  replace(row: MessageRow): Step {
    return this.#put(row);
  }

  remove(row: MessageRow): Step[] {
    return [this.#tables.messages.remove([row.conversation, row.number]), this.#tables.places.remove([hex(row.id)])];
  }

  /** Steps that raise a line's state, or none where it is as high already. */
  async raise(id: Uint8Array, state: DeliveryState): Promise<Step[]> {
    const row = await this.find(id);
    if (row?.state === undefined || isAtLeast(row.state, state)) return [];
    return [this.#put({ ...row, state })];
  }

  async find(id: Uint8Array): Promise<MessageRow | undefined> {
    const place = await this.#tables.places.get(hex(id));
    return place && this.#tables.messages.get(place.conversation, place.number);
  }

  async page({ conversation, before, limit = DEFAULT_PAGE }: HistoryQuery): Promise<readonly HistoryMessage[]> {
    const place = before === undefined ? undefined : await this.#tables.places.get(before);
    const rows = await collect(
      this.#tables.messages.range([conversation], { limit, reverse: true, ...(place && { below: place.number }) }),
    );
    return rows.reverse().map(toLine);
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const summaries: ConversationSummary[] = [];
    for await (const head of this.#tables.conversations.range([])) {
      if (head.last === 0) continue;
      const last = await this.#tables.messages.get(head.conversation, head.last);
      summaries.push({
        conversation: head.conversation,
        unread: head.unread ?? head.last - head.read,
        ...(last && { last: toLine(last) }),
      });
    }
    return summaries.sort((a, b) => (b.last?.receivedAt ?? '').localeCompare(a.last?.receivedAt ?? ''));
  }

  /** The newest matches, oldest first. */
  async search(query: SearchQuery): Promise<readonly HistoryMessage[]> {
    const words = query.words.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const limit = query.limit ?? DEFAULT_FINDS;
    const found: MessageRow[] = [];
    for (const name of await this.#names(query.conversation)) {
      found.push(...(await this.#newest(name, limit, (row) => matches(row, words, query))));
    }
    return found
      .sort((a, b) => a.receivedAt - b.receivedAt)
      .slice(-limit)
      .map(toLine);
  }

  async #newest(conversation: string, limit: number, wanted: (row: MessageRow) => boolean): Promise<MessageRow[]> {
    const found: MessageRow[] = [];
    for await (const row of this.#tables.messages.range([conversation], { reverse: true })) {
      if (wanted(row)) found.push(row);
      if (found.length === limit) break;
    }
    // Lines of one millisecond keep their order through the sort by time.
    return found.reverse();
  }

  async #names(conversation: string | undefined): Promise<readonly string[]> {
    if (conversation !== undefined) return [conversation];
    return (await this.conversations()).map((one) => one.conversation);
  }

  async *all(conversation?: string): AsyncGenerator<HistoryMessage> {
    for (const name of await this.#names(conversation)) {
      for await (const row of this.#tables.messages.range([name])) yield toLine(row);
    }
  }

  #put(row: MessageRow): Step {
    return this.#tables.messages.put([row.conversation, row.number], row);
  }

  #place(row: MessageRow): Step {
    return this.#tables.places.put([hex(row.id)], { conversation: row.conversation, number: row.number });
  }
}

function matches(row: MessageRow, words: readonly string[], { from, since, until }: SearchQuery): boolean {
  if (from !== undefined && row.from !== from) return false;
  if (since !== undefined && row.sentAt < since) return false;
  if (until !== undefined && row.sentAt >= until) return false;
  const body = row.body.toLocaleLowerCase();
  return words.every((word) => body.includes(word));
}

/** Lines of groups without a place in the log yet are numbered from here. */
export const UNPLACED = 8_000_000_000_000;

export const seqOf = ({ conversation, number }: MessageRow): number | undefined =>
  conversation.startsWith('#') && number < UNPLACED ? number : undefined;

export const toLine = (row: MessageRow): HistoryMessage => ({
  id: hex(row.id),
  conversation: row.conversation,
  from: row.from,
  text: row.body,
  sentAt: timestamp(row.sentAt),
  receivedAt: timestamp(row.receivedAt),
  ...(seqOf(row) !== undefined && { seq: seqOf(row)! }),
  ...(row.state && { state: row.state }),
  ...(row.via && { via: row.via }),
  ...(row.edited && { edited: true }),
  ...(row.deleted && { deleted: true }),
  ...(row.reactions && row.reactions.length > 0 && { reactions: row.reactions }),
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
