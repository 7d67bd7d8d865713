import { fromHex, hex } from '../../base/bytes.js';
import type { LocalStore } from '../../store/local.js';
import { isGroupId } from '../messaging/conversation.js';
import { isAtLeast } from '../messaging/delivery-state.js';
import type { History } from '../messaging/history.js';
import { UNPLACED } from '../messaging/message-view.js';
import { Transaction } from '../messaging/transaction.js';
import type { ConversationRow, MessageRow, Tables } from '../storage/tables.js';
import type { Placed } from './order.js';
import type { ConversationRecord, LineRecord } from './record.js';
import { reorder } from './reorder.js';

export interface LineMergeInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  /** Nothing has been kept here before: what was not seen in this merge isn't here. */
  readonly fresh: boolean;
  now(): number;
}

export interface Counts {
  added: number;
  changed: number;
  /** Were on their way when the backup was made. */
  unsent: number;
}

/**
 * The lines of one conversation from one other device, put beside those that are here: each once, by its id, and none
 * that has gone. Lines of a group have the place that the group's log gives them. Those of a direct conversation keep the
 * numbers they come with where there was nothing here; else they wait behind all others until `settle` puts the lines of
 * both devices in order. Callers hold the conversation's queue.
 */
export class ConversationMerge {
  readonly #init: LineMergeInit;
  readonly #conversation: string;
  readonly #counts: Counts;
  /** Numbers mean the same here as there. */
  readonly #adopts: boolean;
  readonly #seen: Set<string>;
  /** As there, of a direct conversation that has lines here. */
  readonly #order: Placed[] = [];
  #record: ConversationRecord | undefined;
  #readThrough: string | undefined;
  #nextHeld = UNPLACED;

  private constructor(
    init: LineMergeInit,
    conversation: string,
    own: { adopts: boolean; seen: Set<string>; counts: Counts },
  ) {
    this.#init = init;
    this.#conversation = conversation;
    this.#adopts = own.adopts;
    this.#seen = own.seen;
    this.#counts = own.counts;
  }

  /** @param seen ids of lines which this merge has put here already */
  static async of(
    init: LineMergeInit,
    conversation: string,
    own: { readonly seen: Set<string>; readonly counts: Counts },
  ): Promise<ConversationMerge> {
    const { last } = await init.history.head(conversation);
    const merge = new ConversationMerge(init, conversation, { ...own, adopts: isGroupId(conversation) || last === 0 });
    for await (const { number } of init.tables.messages.range([conversation], { from: UNPLACED })) {
      merge.#nextHeld = number + 1;
    }
    return merge;
  }

  /** What the other device knew of the conversation; its lines follow. */
  async head(record: ConversationRecord): Promise<void> {
    const { history, disk } = this.#init;
    this.#record = record;
    const head = await history.head(this.#conversation);
    if (record.expire && record.expire.at > (head.expire?.at ?? 0)) head.expire = record.expire;
    if (this.#adopts && record.read >= head.read) {
      head.last = Math.max(head.last, record.last);
      head.read = record.read;
      head.unread = record.unread ?? 0;
      head.mentions = record.mentions ?? 0;
      // Whom it concerned has been told of it, or is told by the other device.
      head.told = Math.max(record.read, record.told ?? 0);
    }
    await disk.write([history.saveHead(head)]);
  }

  async take(lines: readonly LineRecord[]): Promise<void> {
    const { history, disk } = this.#init;
    const head = await history.head(this.#conversation);
    const tx = new Transaction();
    for (const line of lines) await this.#one(head, line, tx);
    tx.add(history.saveHead(head));
    await tx.commit(disk);
  }

  /** Everything of the other device has come. */
  async settle(): Promise<void> {
    if (this.#adopts) return;
    const { tables, disk, history } = this.#init;
    await reorder({ tables, disk, history, conversation: this.#conversation, there: this.#order });
    const head = await history.head(this.#conversation);
    const read = this.#readThrough === undefined ? undefined : await history.find(fromHex(this.#readThrough));
    if (read && read.number > head.read && read.number < UNPLACED) {
      head.told = Math.max(head.told ?? head.read, read.number);
      head.read = read.number;
    }
    await history.recount(head);
    await disk.write([history.saveHead(head)]);
  }

  async #one(head: ConversationRow, { kind: _, ...line }: LineRecord, tx: Transaction): Promise<void> {
    const id = hex(line.id);
    if (!this.#adopts && line.number < UNPLACED) {
      this.#order.push({ id, sentAt: line.sentAt });
      if (line.number <= (this.#record?.read ?? 0)) this.#readThrough = id;
    }
    const place = this.#init.fresh && !this.#seen.has(id) ? undefined : await this.#init.tables.places.get(id);
    if (place !== undefined) {
      // What has gone from here stays away.
      if (place.conversation !== this.#conversation) return;
      const changed = await this.#init.history.changed(line.id, (row) => combined(row, line));
      if (changed) {
        tx.add(...changed.steps);
        this.#counts.changed++;
      }
      return;
    }
    if (line.expires !== undefined && line.expires <= this.#init.now()) return;
    this.#seen.add(id);
    await this.#add(head, line, tx);
  }

  async #add(head: ConversationRow, line: MessageRow, tx: Transaction): Promise<void> {
    const { history } = this.#init;
    const number = await this.#numberFor(line);
    // It has its message no more: whether it left, nobody here knows.
    const state = line.state === 'queued' ? ('failed' as const) : line.state;
    if (state === 'failed') this.#counts.unsent++;
    const row = { ...line, number, ...(state !== undefined && { state }) };
    tx.add(...history.put(row));
    this.#counts.added++;
    if (!this.#adopts || number >= UNPLACED) return;
    if (number > head.last) {
      head.last = number;
      if (state === undefined && number > head.read) history.count(head, row);
    }
  }

  async #numberFor({ number }: MessageRow): Promise<number> {
    if (!this.#adopts || number >= UNPLACED) return this.#nextHeld++;
    if (this.#init.fresh) return number;
    const there = await this.#init.tables.messages.get(this.#conversation, number);
    return there === undefined ? number : this.#nextHeld++;
  }
}

/** Undefined where nothing is new. What was taken back stays so, and what was changed here is not changed back. */
function combined(here: MessageRow, there: MessageRow): MessageRow | undefined {
  if (here.deleted) return undefined;
  if (there.deleted) {
    const { mentioned: _, edited: __, ...rest } = here;
    return { ...rest, body: '', deleted: true, reactions: [] };
  }
  let row = here;
  if (there.edited && !here.edited) {
    const { mentioned: _, ...rest } = here;
    row = { ...rest, body: there.body, edited: true, ...(there.mentioned && { mentioned: true }) };
  }
  if (there.reactions && row.reactions === undefined) row = { ...row, reactions: there.reactions };
  if (row.state && there.state && !isAtLeast(row.state, there.state)) row = { ...row, state: there.state };
  return row === here ? undefined : row;
}
