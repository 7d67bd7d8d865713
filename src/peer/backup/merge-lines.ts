import { isDeepStrictEqual } from 'node:util';
import { fromHex, hex } from '../../base/bytes.js';
import type { LocalStore } from '../../store/local.js';
import { isGroupId } from '../messaging/conversation.js';
import { isAtLeast } from '../messaging/delivery-state.js';
import { joinedPins } from '../messaging/direct-pins.js';
import type { History } from '../messaging/history.js';
import { UNPLACED } from '../messaging/message-view.js';
import { joined } from '../messaging/poll.js';
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

interface Own {
  /** Ids of lines which this merge has put here already, and the device whose word of them it was. */
  readonly seen: Map<string, string>;
  readonly counts: Counts;
  /** The other device, and what it last said of the conversation. */
  readonly source: string;
  record(): ConversationRecord | undefined;
}

interface Adopting {
  readonly adopts: number;
  readonly isAlone: boolean;
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
  /** Up to which numbers mean the same here as there. */
  readonly #adopts: number;
  readonly #source: string;
  readonly #seen: Map<string, string>;
  /** As there, of a direct conversation that has lines here. */
  readonly #order = new Map<number, Placed>();
  readonly #record: () => ConversationRecord | undefined;
  /** Where this merge has put lines. */
  readonly #taken = new Set<number>();
  /** Nobody else puts lines here, and there was none before. */
  readonly #isAlone: boolean;
  #nextHeld = UNPLACED;
  #holds = false;

  private constructor(init: LineMergeInit, conversation: string, own: Own & Adopting) {
    this.#init = init;
    this.#isAlone = own.isAlone;
    this.#conversation = conversation;
    this.#adopts = own.adopts;
    this.#source = own.source;
    this.#record = own.record;
    this.#seen = own.seen;
    this.#counts = own.counts;
  }

  static async of(init: LineMergeInit, conversation: string, own: Own): Promise<ConversationMerge> {
    const head = await init.history.head(conversation);
    const isEmpty = isGroupId(conversation) || head.last === 0;
    const adopted = head.adopted?.device === own.source ? head.adopted.through : 0;
    const merge = new ConversationMerge(init, conversation, {
      ...own,
      adopts: isEmpty ? UNPLACED - 1 : adopted,
      isAlone: init.fresh && head.last === 0,
    });
    if (!isGroupId(conversation) && head.last === 0) head.adopted = { device: own.source, through: 0 };
    for await (const { number } of init.tables.messages.range([conversation], { from: UNPLACED })) {
      merge.#nextHeld = number + 1;
      merge.#holds = true;
    }
    return merge;
  }

  /** Whether there are lines whose place is not known before `settle`. */
  get waits(): boolean {
    return this.#holds && !isGroupId(this.#conversation);
  }

  /** What the other device knew of the conversation; its lines follow. */
  async head(record: ConversationRecord): Promise<void> {
    const { history, disk } = this.#init;
    const head = await history.head(this.#conversation);
    if (record.expire && record.expire.at > (head.expire?.at ?? 0)) head.expire = record.expire;
    if (record.pins) head.pins = joinedPins(head.pins ?? [], record.pins);
    const isSame = this.#adopts >= record.last;
    if (isSame) head.last = Math.max(head.last, record.last);
    raiseFormer(head, Math.min(record.former ?? 0, this.#adopts));
    if (isSame && !isGroupId(this.#conversation)) head.adopted = { device: this.#source, through: head.last };
    if (isSame && record.read >= head.read) {
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
    history.reordered(this.#conversation);
  }

  /** Everything of the other device has come. */
  async settle(): Promise<void> {
    const { tables, disk, history } = this.#init;
    if (isGroupId(this.#conversation) || !(this.#holds || this.#order.size > 0)) return;
    const numbers = [...this.#order.keys()].sort((one, other) => one - other);
    const there = numbers.map((number) => this.#order.get(number)!);
    if (this.#holds) await reorder({ tables, disk, history, conversation: this.#conversation, there });
    this.#holds = false;
    const head = await history.head(this.#conversation);
    const record = this.#record();
    raiseFormer(head, await this.#markHere(numbers, record?.former));
    const read = await this.#markHere(numbers, record?.read);
    if (read > head.read) {
      head.told = Math.max(head.told ?? head.read, read);
      head.read = read;
    }
    await history.recount(head);
    await disk.write([history.saveHead(head)]);
  }

  /** Where the last line up to a mark of the other device stands here. @param numbers in order, as there */
  async #markHere(numbers: readonly number[], mark = 0): Promise<number> {
    for (const number of numbers.filter((one) => one <= mark).reverse()) {
      const row = await this.#init.history.find(fromHex(this.#order.get(number)!.id));
      if (row && row.number < UNPLACED) return row.number;
    }
    return 0;
  }

  async #one(head: ConversationRow, { kind: _, ...line }: LineRecord, tx: Transaction): Promise<void> {
    const id = hex(line.id);
    if (line.number > this.#adopts && line.number < UNPLACED)
      this.#order.set(line.number, { id, at: line.order ?? line.sentAt });
    const place = this.#init.fresh ? undefined : await this.#init.tables.places.get(id);
    // What has gone from here stays away.
    if (place !== undefined && place.conversation !== this.#conversation) return;
    if (place !== undefined || this.#seen.has(id)) return this.#again(head, line, tx);
    if (line.expires !== undefined && line.expires <= this.#init.now()) return;
    this.#seen.set(id, this.#source);
    await this.#add(head, line, tx);
  }

  /** Of a line that is here already more may be known now. */
  async #again(head: ConversationRow, line: MessageRow, tx: Transaction): Promise<void> {
    const { history, fresh } = this.#init;
    const id = hex(line.id);
    const here = await history.find(line.id);
    // Where people go on meanwhile, theirs may be newer than what the other device knows.
    const isLater = fresh && this.#seen.get(id) === this.#source;
    const changed = here && (await history.changed(line.id, (row) => combined(row, line, isLater)));
    if (changed) {
      this.#counts.changed++;
      if (this.#seen.has(id)) this.#seen.set(id, this.#source);
    }
    if (here?.state === 'failed' && changed && changed.row.state !== 'failed') this.#counts.unsent--;
    // What was on its way to a group has a place by then. A device that runs moves such lines itself.
    const isPlaced = fresh && isGroupId(this.#conversation) && line.number < UNPLACED;
    if (here && isPlaced && here.number >= UNPLACED) {
      head.last = Math.max(head.last, line.number);
      tx.add(...history.move(changed?.row ?? here, line.number, {}).steps);
    } else if (changed) tx.add(...changed.steps);
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
    if (number >= UNPLACED) {
      if (line.number < UNPLACED) this.#order.set(line.number, { id: hex(line.id), at: line.order ?? line.sentAt });
      this.#holds = true;
      return;
    }
    if (number > head.last) {
      head.last = number;
      if (state === undefined && number > head.read) history.count(head, row);
    }
  }

  async #numberFor({ number }: MessageRow): Promise<number> {
    const isFree =
      number <= this.#adopts &&
      !this.#taken.has(number) &&
      (this.#isAlone || (await this.#init.tables.messages.get(this.#conversation, number)) === undefined);
    if (!isFree) return this.#nextHeld++;
    this.#taken.add(number);
    return number;
  }
}

function raiseFormer(head: ConversationRow, former: number): void {
  if (former > (head.former ?? 0)) head.former = former;
}

/**
 * Undefined where nothing is new. What was taken back stays so, and what was changed here is not changed back.
 * @param isLater whether what is here is what the same device said of it before
 */
function combined(here: MessageRow, there: MessageRow, isLater: boolean): MessageRow | undefined {
  if (here.deleted) return undefined;
  if (there.deleted) {
    const { mentioned: _, edited: __, poll: ___, ...rest } = here;
    return { ...rest, body: '', deleted: true, reactions: [] };
  }
  let row = here;
  if (there.edited && (!here.edited || (isLater && there.body !== here.body))) {
    const { mentioned: _, ...rest } = here;
    row = { ...rest, body: there.body, edited: true, ...(there.mentioned && { mentioned: true }) };
  }
  const isOther = isLater && !isDeepStrictEqual(there.reactions, row.reactions);
  if (isOther || (there.reactions && row.reactions === undefined)) {
    const { reactions: _, ...rest } = row;
    row = { ...rest, ...(there.reactions && { reactions: there.reactions }) };
  }
  if (row.poll && there.poll) {
    const poll = joined(row.poll, there.poll);
    if (poll !== row.poll) row = { ...row, poll };
  }
  if (row.state && there.state && !isAtLeast(row.state, there.state)) row = { ...row, state: there.state };
  return row === here ? undefined : row;
}
