import { hex } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { timestamp } from '../base/clock.js';
import type { LocalStore, Step } from '../store/local.js';
import type { ConversationSummary, HistoryMessage, HistoryQuery, SearchQuery } from './api.js';
import type { DeliveryState, UploadMention } from './events.js';
import type { ConversationRow, MessageRow, Tables } from './rows.js';

const DEFAULT_PAGE = 50;
const DEFAULT_FINDS = 100;
/** From the weakest to the strongest; a state never goes back. */
const STATES: readonly DeliveryState[] = ['queued', 'stored', 'delivered', 'read'];

/** Lines whose newest form is remembered, so that it is known before it is on disk. */
const RECENT = 1_024;

/** Lines of direct conversations have no gaps; what came to a group before there was a count was said before. */
export const unreadOf = ({ conversation, unread, last, read }: ConversationRow): number =>
  unread ?? (conversation.startsWith('#') ? 0 : last - read);

export const isAtLeast = (state: DeliveryState, wanted: DeliveryState): boolean =>
  STATES.indexOf(state) >= STATES.indexOf(wanted);

type Change = (row: MessageRow) => MessageRow | undefined;

export interface HistoryInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  /** How a line looks to the person who reads here. */
  readonly look: LineLook;
  /** A line that disappears has come. @returns what remembers it */
  onExpiring(row: MessageRow): Step[];
}

/** What a person's own wishes make of a line. */
export interface LineLook {
  /** Of somebody who is blocked: its text is not shown. */
  isHidden(row: MessageRow): boolean;
  isBlocked(user: string): boolean;
  isMuted(row: MessageRow): boolean;
  /** Whether it counts as not read, should it not be. */
  counts(row: MessageRow): boolean;
}

/**
 * The lines of all conversations. Positions are given out in memory, so that a line and everything that belongs to it
 * can be one write; the caller writes the steps. A step holds the line as it is when it is written: two who change it at
 * once don't undo each other's change.
 */
export class History {
  readonly #tables: Tables;
  readonly #disk: LocalStore;
  readonly #clock: Clock;
  readonly #look: LineLook;
  readonly #onExpiring: HistoryInit['onExpiring'];
  /** By id, the one changed last at the end; null for a line that is gone. */
  readonly #recent = new Map<string, MessageRow | null>();
  /** The newest state of each conversation, written or about to be. */
  readonly #heads = new Map<string, Promise<ConversationRow>>();

  constructor({ tables, disk, clock, look, onExpiring }: HistoryInit) {
    this.#onExpiring = onExpiring;
    this.#tables = tables;
    this.#disk = disk;
    this.#clock = clock;
    this.#look = look;
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
    return this.#tables.conversations.putLatest([head.conversation], () => head);
  }

  /** A line of somebody else has come. */
  count(head: ConversationRow, row: MessageRow): void {
    head.unread ??= unreadOf(head);
    if (!this.#look.counts(row)) return;
    head.unread++;
    if (row.mentioned) head.mentions = (head.mentions ?? 0) + 1;
  }

  /** A line that counts may be another one now. @returns whether the numbers are */
  countAgain(head: ConversationRow, before: MessageRow, after: MessageRow): boolean {
    const own = before.state !== undefined;
    if (own || before.number <= head.read || before.number >= UNPLACED || head.unread === undefined) return false;
    const [was, is] = [this.#look.counts(before), this.#look.counts(after)].map(Number) as [number, number];
    const mentions = Number(is && after.mentioned === true) - Number(was && before.mentioned === true);
    head.unread = Math.max(0, head.unread + is - was);
    head.mentions = Math.max(0, (head.mentions ?? 0) + mentions);
    return is !== was || mentions !== 0;
  }

  /** The same from what there is, where lines have gone or been read elsewhere. */
  async recount(head: ConversationRow): Promise<void> {
    let unread = 0;
    let mentions = 0;
    const range = { from: head.read + 1, below: UNPLACED };
    for await (const stored of this.#tables.messages.range([head.conversation], range)) {
      const row = this.#recent.get(hex(stored.id)) ?? stored;
      // One's own have a state.
      if (row.state !== undefined || !this.#look.counts(row)) continue;
      unread++;
      if (row.mentioned) mentions++;
    }
    head.unread = unread;
    head.mentions = mentions;
  }

  /** Steps that add a line at the end, and the line as it will stand there. */
  append(
    head: ConversationRow,
    line: Omit<MessageRow, 'number' | 'conversation' | 'receivedAt'>,
  ): { row: MessageRow; steps: Step[] } {
    // Lines of before there was a count of the unread.
    head.unread ??= unreadOf(head);
    const row = { ...line, conversation: head.conversation, number: ++head.last, receivedAt: this.#clock.now() };
    if (row.state === undefined) this.count(head, row);
    return { row, steps: [this.saveHead(head), ...this.#add(row)] };
  }

  /** A line of a group, at its place in the group's log or, until it has one, behind all that have. */
  lineAt(
    conversation: string,
    number: number,
    line: Omit<MessageRow, 'number' | 'conversation' | 'receivedAt'>,
  ): { row: MessageRow; steps: Step[] } {
    const row = { ...line, conversation, number, receivedAt: this.#clock.now() };
    return { row, steps: this.#add(row) };
  }

  #add(row: MessageRow): Step[] {
    const remembered = row.expires === undefined ? [] : this.#onExpiring(row);
    return [this.#put(row), this.#place(row), ...remembered];
  }

  /** A line leaves its number for another one. */
  move(row: MessageRow, number: number, change: Partial<MessageRow>): { row: MessageRow; steps: Step[] } {
    const moved = { ...row, ...change, number };
    const gone = this.#tables.messages.remove([row.conversation, row.number]);
    return { row: moved, steps: [gone, this.#put(moved), this.#place(moved)] };
  }

  remove(row: MessageRow): Step[] {
    this.#remember(row.id, null);
    return [this.#tables.messages.remove([row.conversation, row.number]), this.#tables.places.remove([hex(row.id)])];
  }

  /** The line goes; that it has been here is remembered, so that it doesn't come again. */
  forget(row: MessageRow): Step[] {
    this.#remember(row.id, null);
    return [
      this.#tables.messages.remove([row.conversation, row.number]),
      this.#tables.places.put([hex(row.id)], { conversation: '', number: 0 }),
    ];
  }

  /**
   * The line as `change` makes it, and the step that puts it where it is; undefined where there is none, or `change` says
   * so. Only within the queue of its conversation, where nothing else moves it before the step is written.
   */
  async changed(id: Uint8Array, change: Change): Promise<{ row: MessageRow; step: Step } | undefined> {
    const row = this.#changed(await this.find(id), change);
    return row && { row, step: this.#put(row) };
  }

  /** The same, written. */
  async update(id: Uint8Array, change: Change): Promise<MessageRow | undefined> {
    const row = this.#changed(await this.find(id), change);
    if (row) await this.#disk.write([this.#put(row)]);
    return row;
  }

  /** Somebody else may have changed it while it was read; from here on nobody comes in between. */
  #changed(found: MessageRow | undefined, change: Change): MessageRow | undefined {
    const newest = found && this.#newer(hex(found.id), found);
    return newest && change(newest);
  }

  #newer(name: string, found: MessageRow | undefined): MessageRow | undefined {
    const recent = this.#recent.get(name);
    return recent === undefined ? found : (recent ?? undefined);
  }

  /** @returns the line where its state has been raised; undefined where it is as high already */
  raise(id: Uint8Array, state: DeliveryState): Promise<MessageRow | undefined> {
    return this.update(id, (row) =>
      row.state === undefined || isAtLeast(row.state, state) ? undefined : { ...row, state },
    );
  }

  async find(id: Uint8Array): Promise<MessageRow | undefined> {
    const name = hex(id);
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent ?? undefined;
    const place = await this.#tables.places.get(name);
    return this.#newer(name, place && (await this.#tables.messages.get(place.conversation, place.number)));
  }

  /** Lines in order, from number `from` to `through`, both inclusive. */
  rows(conversation: string, from: number, through: number): AsyncGenerator<MessageRow> {
    return this.#tables.messages.range([conversation], { from, below: through + 1 });
  }

  async page({ conversation, before, limit = DEFAULT_PAGE }: HistoryQuery): Promise<readonly HistoryMessage[]> {
    const place = before === undefined ? undefined : await this.#tables.places.get(before);
    const rows = await collect(
      this.#tables.messages.range([conversation], { limit, reverse: true, ...(place && { below: place.number }) }),
    );
    return this.#lines(conversation, rows.reverse());
  }

  /** Of groups, with who has read them. */
  async #lines(conversation: string, rows: readonly MessageRow[]): Promise<HistoryMessage[]> {
    const positions = conversation.startsWith('#') ? await collect(this.#tables.positions.range([conversation])) : [];
    return rows.map((row) => this.#line(row, positions));
  }

  /** Without the reactions of those who are blocked. */
  #seen(row: MessageRow): MessageRow {
    const { reactions } = row;
    if (!reactions?.some(({ user }) => this.#look.isBlocked(user))) return row;
    return { ...row, reactions: reactions.filter(({ user }) => !this.#look.isBlocked(user)) };
  }

  #line(row: MessageRow, positions: readonly { user: string; through: number }[] = []): HistoryMessage {
    const seq = seqOf(row);
    const by = row.state === undefined || seq === undefined ? [] : positions.filter(({ through }) => through >= seq);
    const line = { ...toLine(this.#seen(row)), ...(by.length > 0 && { readBy: by.map(({ user }) => user).sort() }) };
    return this.#look.isHidden(row) ? hide(line) : line;
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const summaries: ConversationSummary[] = [];
    for await (const head of this.#tables.conversations.range([])) {
      if (head.last === 0) continue;
      const last = (await collect(this.#tables.messages.range([head.conversation], { limit: 1, reverse: true })))[0];
      summaries.push({
        conversation: head.conversation,
        unread: unreadOf(head),
        mentions: head.mentions ?? 0,
        ...(this.#look.isMuted({ conversation: head.conversation, from: '' } as MessageRow) && { muted: true }),
        ...(last && { last: this.#line(last) }),
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
      const wanted = (row: MessageRow): boolean => !this.#look.isHidden(row) && matches(row, words, query);
      found.push(...(await this.#newest(name, limit, wanted)));
    }
    return found
      .sort((a, b) => a.receivedAt - b.receivedAt)
      .slice(-limit)
      .map((row) => this.#line(row));
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
      for await (const row of this.#tables.messages.range([name])) yield this.#line(row);
    }
  }

  #put(row: MessageRow): Step {
    this.#remember(row.id, row);
    return this.#tables.messages.putLatest([row.conversation, row.number], () => this.#recent.get(hex(row.id)) ?? row);
  }

  #remember(id: Uint8Array, row: MessageRow | null): void {
    const name = hex(id);
    this.#recent.delete(name);
    this.#recent.set(name, row);
    if (this.#recent.size <= RECENT) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
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

/** The file that a line tells of. */
function mentionOf({ upload }: MessageRow): { readonly upload?: UploadMention } {
  if (upload === undefined) return {};
  const { id, name, size, type } = upload;
  return { upload: { id: hex(id), name, size, ...(type !== undefined && { type }) } };
}

/** What a line says of itself besides its text, in events and in the history alike. */
export const marksOf = (row: MessageRow): Pick<HistoryMessage, 'replyTo' | 'mentioned' | 'expiresAt' | 'upload'> => ({
  ...(row.replyTo && { replyTo: hex(row.replyTo) }),
  ...(row.mentioned && { mentioned: true }),
  ...(row.expires !== undefined && { expiresAt: timestamp(row.expires) }),
  ...mentionOf(row),
});

/** What is left of a line whose text is not shown. */
export const hide = <L extends Pick<HistoryMessage, 'text' | 'mentioned' | 'upload'>>({
  mentioned: _named,
  upload: _upload,
  ...line
}: L) => ({
  ...line,
  text: '',
  hidden: true as const,
});

const toLine = (row: MessageRow): HistoryMessage => ({
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
  ...marksOf(row),
  ...(row.reactions && row.reactions.length > 0 && { reactions: row.reactions }),
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
