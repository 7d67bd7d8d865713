import { hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { LocalStore, Step } from '../../store/local.js';
import type { DeliveryState } from '../api/events.js';
import type { SetAside } from '../storage/set-aside.js';
import type { ConversationRow, MessageRow, Tables } from '../storage/tables.js';
import { isGroupId } from './conversation.js';
import { isAtLeast } from './delivery-state.js';
import { indexIn, insert, LineOrder, nextOrder, orderSaid, type Standing } from './line-order.js';
import { type LineLook, UNPLACED } from './message-view.js';

/** Lines whose newest form is remembered, so that it is known before it is on disk. */
const RECENT = 1_024;

/** Lines of direct conversations have no gaps; what came to a group before there was a count was said before. */
export const unreadOf = ({ conversation, unread, last, read }: ConversationRow): number =>
  unread ?? (isGroupId(conversation) ? 0 : last - read);

/**
 * A line comes to stand at the first of these numbers, and each that stood at one of them goes to the next: what was read
 * stays so, and where the line is not read itself it is behind what was. What was of a former identity stays so, too.
 */
function movePast(head: ConversationRow, numbers: readonly number[], read: boolean): void {
  const number = numbers[0]!;
  const moved = (through: number): number =>
    number <= through ? (numbers.find((one) => one > through) ?? through) : through;
  const passed = (through: number): number => (read ? moved(through) : Math.min(through, number - 1));
  head.read = passed(head.read);
  if (head.told !== undefined) head.told = passed(head.told);
  if (head.former !== undefined) head.former = moved(head.former);
}

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
  readonly #lineOrder: LineOrder;
  /** By id, the one changed last at the end; null for a line that is gone. */
  readonly #recent = new Map<string, MessageRow | null>();
  /** The newest state of each conversation, written or about to be. */
  readonly #heads = new Map<string, Promise<ConversationRow>>();

  constructor({ tables, disk, clock, look, onExpiring }: HistoryInit) {
    this.#onExpiring = onExpiring;
    this.#tables = tables;
    this.#lineOrder = new LineOrder(tables);
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

  /** What was to be written of a line was not: it, and its conversation, are as the disk has them. */
  revert({ id, conversation }: Pick<MessageRow, 'id' | 'conversation'>): void {
    this.#recent.delete(hex(id));
    this.#heads.delete(conversation);
    this.#lineOrder.forget(conversation);
  }

  /** A conversation whose row could not be read gets another, so that its lines are found and none is written over. */
  async mend(aside: SetAside): Promise<void> {
    const known = new Set<string>();
    for await (const { conversation } of this.#tables.conversations.range([])) known.add(conversation);
    if (!aside.has('conversation')) return;
    const newest = new Map<string, number>();
    for await (const { conversation, number } of this.#tables.messages.range([])) {
      if (number < UNPLACED) newest.set(conversation, Math.max(number, newest.get(conversation) ?? 0));
    }
    for (const [conversation, last] of newest) {
      if (known.has(conversation)) continue;
      await this.#disk.write([
        this.#tables.conversations.put([conversation], { conversation, last, read: last, number: 0 }),
      ]);
    }
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

  /** Steps that add a line in its place, mostly at the end, and the line as it will stand there. In the conversation's queue. */
  async append(
    head: ConversationRow,
    line: Omit<MessageRow, 'number' | 'conversation' | 'receivedAt'>,
  ): Promise<{ row: MessageRow; steps: Step[] }> {
    const receivedAt = this.#clock.now();
    const end = await this.#lineOrder.end(head.conversation);
    const said = orderSaid(line.order, receivedAt);
    const order = said ?? end.at(-1)?.order ?? 0;
    const at = said === undefined ? end.length : indexIn(end, { id: line.id, order });
    // Lines of before there was a count of the unread.
    head.unread ??= unreadOf(head);
    const number = at < end.length ? await this.#makeRoom(head, end, at, line.state !== undefined) : ++head.last;
    insert(end, at, { id: line.id, order, number });
    const row = { ...line, conversation: head.conversation, number, receivedAt };
    if (row.state === undefined) this.count(head, row);
    return { row, steps: [this.saveHead(head), ...this.#add(row)] };
  }

  /** What a line of ours in a direct conversation says of its place. */
  async nextOrder({ conversation }: ConversationRow): Promise<number> {
    return nextOrder(await this.#lineOrder.end(conversation), this.#clock.now());
  }

  /**
   * Lines from there on move by one, before anything else is written of them.
   * @param read whether the line that is to stand there counts as read
   * @returns the number that is free now
   */
  async #makeRoom(head: ConversationRow, end: Standing[], from: number, read: boolean): Promise<number> {
    const { conversation } = head;
    // What was begun before is on the disk by then.
    await this.#disk.write([this.saveHead(head)]);
    const found = await Promise.all(end.slice(from).map(async ({ id }) => this.find(id)));
    // From here to the write nobody comes in between.
    const gone = new Set(end.slice(from).filter((_, at) => found[at]?.conversation !== conversation));
    const later = end.slice(from).filter((line) => !gone.has(line));
    end.splice(from, end.length - from);
    const numbers = [...later.map(({ number }) => number), ++head.last];
    const steps = [this.#tables.messages.remove([conversation, numbers[0]!])];
    for (const [at, line] of later.entries()) {
      const number = numbers[at + 1]!;
      const row = found.find((one) => one && sameBytes(one.id, line.id))!;
      const moved = { ...(this.#newer(hex(line.id), row) ?? row), number };
      end.push({ ...line, number });
      steps.push(this.#put(moved), this.#place(moved));
    }
    movePast(head, numbers, read);
    try {
      await this.#disk.write([...steps, this.saveHead(head)]);
    } catch (error) {
      for (const { id } of later) this.revert({ id, conversation });
      throw error;
    }
    return numbers[0]!;
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

  /** Lines of other devices have come, or changed places: which are the last is looked up anew. In the conversation's queue. */
  reordered(conversation: string): void {
    this.#lineOrder.forget(conversation);
  }

  /** A line as another device of this person has it, with the number it has. */
  put(row: MessageRow): Step[] {
    return this.#add(row);
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
      this.#tables.kept.remove([row.conversation, row.number]),
      this.#tables.places.put([hex(row.id)], { conversation: '', number: 0 }),
    ];
  }

  /**
   * The line as `change` makes it, and the steps that put it where it is; undefined where there is none, or `change` says
   * so. Only within the queue of its conversation, where nothing else moves it before the step is written.
   */
  async changed(id: Uint8Array, change: Change): Promise<{ row: MessageRow; steps: Step[] } | undefined> {
    const row = this.#changed(await this.find(id), change);
    return row && { row, steps: this.#asChanged(row) };
  }

  /** The same, written. */
  async update(id: Uint8Array, change: Change): Promise<MessageRow | undefined> {
    const row = this.#changed(await this.find(id), change);
    if (row) await this.#disk.write(this.#asChanged(row));
    return row;
  }

  /** What was taken back is not handed to a directory that has lost it. */
  #asChanged(row: MessageRow): Step[] {
    return [this.#put(row), ...(row.deleted ? [this.#tables.kept.remove([row.conversation, row.number])] : [])];
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

  /** Said while the person had another identity: nobody else is to get it. */
  async isFormer({ conversation, number }: MessageRow): Promise<boolean> {
    const { former } = await this.head(conversation);
    // Of a line of another device that waits for its place nobody knows yet.
    return former !== undefined && (number <= former || number >= UNPLACED);
  }

  /** Of the newest so many lines those of ours which a mailbox has, and nobody's device as far as we know; oldest first. */
  async stored(conversation: string, among: number): Promise<MessageRow[]> {
    const rows: MessageRow[] = [];
    for await (const row of this.#tables.messages.range([conversation], { reverse: true, limit: among })) {
      if (row.state === 'stored' && !row.deleted && !(await this.isFormer(row))) rows.unshift(row);
    }
    return rows;
  }

  /** Lines in order, from number `from` to `through`, both inclusive. */
  rows(conversation: string, from: number, through: number): AsyncGenerator<MessageRow> {
    return this.#tables.messages.range([conversation], { from, below: through + 1 });
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
