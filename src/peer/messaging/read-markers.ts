import { hex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import { foldName } from '../../wire/names.js';
import type { PeerEvent } from '../api/events.js';
import type { ConversationRow, MessageRow, Tables } from '../storage/tables.js';
import type { Conversations } from './conversation.js';
import { type History, unreadOf } from './history.js';

export interface ReadMarkersInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  readonly clock: Clock;
  readonly self: string;
  /** Whether this person wants to tell and be told. */
  isOn(): boolean;
  readonly conversations: Conversations;
  emit(event: PeerEvent): void;
  report(error: unknown): void;
}

/** So many of one's own lines are told of when a member is found to have read on; older ones only change. */
const TOLD_OF = 256;

/**
 * What was read, here and by others. Between two, receipts name the messages and are kept like any message until they
 * arrive. In groups a reader's position alone is told, to who is there: it stands for everything since they entered.
 */
export class ReadMarkers {
  readonly #init: ReadMarkersInit;
  readonly #due = new Map<string, Cancel>();
  readonly #telling = new Map<string, Promise<void>>();
  /** Receipts on their way, to be waited for at the end. */
  #sent: Uint8Array[] = [];

  constructor(init: ReadMarkersInit) {
    this.#init = init;
  }

  /** Tells what an earlier run had no time to tell. */
  async load(): Promise<void> {
    for await (const { conversation, told, read } of this.#init.tables.conversations.range([])) {
      if (told !== undefined && told < read) this.#schedule(conversation);
    }
  }

  /** Everything up to the newest line has been read here. */
  async mark(conversation: string): Promise<void> {
    const { history } = this.#init;
    const head = await history.head(conversation);
    await this.#advance(head, head.last);
    if ((head.told ?? head.read) < head.read) this.#schedule(conversation);
  }

  /** Somebody is muted or blocked, or is not any more. */
  async recount(): Promise<void> {
    const { tables, history, disk, emit } = this.#init;
    for await (const { conversation } of tables.conversations.range([])) {
      const head = await history.head(conversation);
      const before = [head.unread, head.mentions];
      await history.recount(head);
      if (head.unread === before[0] && head.mentions === before[1]) continue;
      await disk.write([history.saveHead(head)]);
      emit({ event: 'unread', conversation, unread: head.unread ?? 0, mentions: head.mentions ?? 0 });
    }
  }

  /** What is due is told now. @returns ids of the receipts on their way */
  async flush(): Promise<readonly Uint8Array[]> {
    for (const [conversation, cancel] of this.#due) {
      cancel();
      this.#run(conversation);
    }
    await Promise.all(this.#telling.values());
    return this.#sent.splice(0);
  }

  close(): void {
    for (const cancel of this.#due.values()) cancel();
    this.#due.clear();
  }

  /** Another device of this person has read these. */
  async readElsewhere(conversation: string, ids: readonly Uint8Array[]): Promise<void> {
    let through = 0;
    for (const id of ids) {
      const row = await this.#init.history.find(id);
      if (row?.conversation === conversation && row.state === undefined) through = Math.max(through, row.number);
    }
    await this.#settleElsewhere(conversation, through);
  }

  /** The other one of a direct conversation has read a message of ours. */
  async readByOther(row: MessageRow): Promise<void> {
    const state = this.#init.isOn() ? ('read' as const) : ('delivered' as const);
    const raised = await this.#init.history.raise(row.id, state);
    if (raised) this.#init.emit({ event: 'sent', id: hex(row.id), conversation: row.conversation, state });
  }

  /** A member of a group has read up to a place of its log. */
  async readInGroup(conversation: string, user: string, through: number): Promise<void> {
    const { tables, disk, history, self } = this.#init;
    if (foldName(user) === foldName(self)) return this.#settleElsewhere(conversation, through);
    if (!this.#init.isOn()) return;
    const known = await tables.positions.get(conversation, foldName(user));
    const before = known?.through ?? 0;
    const { last } = await history.head(conversation);
    const upTo = Math.min(through, last);
    if (upTo <= before) return;
    await disk.write([tables.positions.put([conversation, foldName(user)], { ...known, user, through: upTo })]);
    const own: MessageRow[] = [];
    for await (const row of history.rows(conversation, before + 1, upTo)) {
      if (row.state === undefined || row.deleted) continue;
      own.push(row);
      if (own.length > TOLD_OF) own.shift();
    }
    for (const { id } of own) {
      await history.raise(id, 'read');
      this.#init.emit({ event: 'sent', id: hex(id), conversation, state: 'read', by: user });
    }
  }

  async #settleElsewhere(conversation: string, through: number): Promise<void> {
    const head = await this.#init.history.head(conversation);
    const upTo = Math.min(through, head.last);
    if (upTo <= head.read) return;
    if (upTo > (head.told ?? head.read)) head.told = upTo;
    await this.#advance(head, upTo);
  }

  async #advance(head: ConversationRow, through: number): Promise<void> {
    const { history, disk, emit } = this.#init;
    const { conversation, read } = head;
    if (through <= read && unreadOf(head) === 0) return;
    head.told ??= read;
    head.read = Math.max(read, through);
    // What is read while nobody is to be told is not told later either.
    if (!this.#init.isOn()) head.told = head.read;
    if (head.read === head.last) {
      head.unread = 0;
      head.mentions = 0;
    } else await history.recount(head);
    await disk.write([history.saveHead(head)]);
    emit({ event: 'unread', conversation, unread: head.unread ?? 0, mentions: head.mentions ?? 0 });
  }

  #schedule(conversation: string): void {
    if (this.#due.has(conversation)) return;
    const { tellReadAfterMs } = this.#init.conversations.of(conversation);
    this.#due.set(
      conversation,
      this.#init.clock.after(tellReadAfterMs, () => this.#run(conversation)),
    );
  }

  #run(conversation: string): void {
    this.#due.delete(conversation);
    const before = this.#telling.get(conversation) ?? Promise.resolve();
    const telling = before
      .then(() => this.#tell(conversation))
      .catch((error: unknown) => this.#init.report(error))
      .finally(() => {
        if (this.#telling.get(conversation) === telling) this.#telling.delete(conversation);
      });
    this.#telling.set(conversation, telling);
  }

  async #tell(conversation: string): Promise<void> {
    const { history, disk, isOn } = this.#init;
    const head = await history.head(conversation);
    const { read, told = head.read } = head;
    if (told >= read) return;
    if (isOn()) {
      const receipts = await this.#init.conversations.of(conversation).tellRead(told + 1, read);
      if (receipts === undefined) return;
      this.#sent.push(...receipts);
    }
    head.told = Math.max(read, head.told ?? 0);
    await disk.write([history.saveHead(head)]);
  }
}
