import { hex, sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import { Failure, hasCode } from '../../../base/errors.js';
import type { MlsEngine, MlsOpened } from '../../../crypto/mls.js';
import type { LocalStore, Step } from '../../../store/local.js';
import type { Content, TextContent } from '../../../wire/content.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import type { Via } from '../../api/events.js';
import type { LaterRow, MessageRow, Tables } from '../../storage/tables.js';
import { conversationWith } from '../conversation.js';
import { decodeContent } from '../decode-content.js';
import type { Edits } from '../edits.js';
import type { History } from '../history.js';
import { lineOf } from '../message-content.js';
import type { MlsGroup, MlsGroups } from '../mls-groups.js';
import { Transaction } from '../transaction.js';
import type { DirectGroups } from './direct-groups.js';

/** A sealed message as it comes in, from a link or from the mailbox. */
export interface Incoming {
  readonly id: Uint8Array;
  readonly group: Uint8Array;
  readonly sealed: Uint8Array;
  readonly via: Via;
}

export interface DirectReceiverInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly engine: MlsEngine;
  readonly groups: MlsGroups;
  readonly direct: DirectGroups;
  readonly history: History;
  readonly clock: Clock;
  readonly self: DeviceAddress;
  /** Runs work on a conversation, one after the other. */
  enqueue<T>(user: string, work: () => Promise<T>): Promise<T>;
  /** A line is on disk. Called in the order of the lines. */
  onLine(row: MessageRow, unseen: number): void;
  /** Keeps what has to be kept of something besides text, in the same write as the memory that it came. */
  keepContent(user: string, from: DeviceAddress, content: Content, tx: Transaction): Promise<void>;
  /** The line after what came before it. */
  settled: Edits['settled'];
  /** Keeps what is not understood for a newer program. */
  keep(row: Omit<LaterRow, 'order'>): readonly Step[];
  /** Nothing of theirs is shown. */
  isBlocked(user: string): boolean;
  /** A message came once more: whoever sent it may not know that it is here. */
  onKnown(incoming: Incoming): Promise<void>;
  onContent(user: string, from: DeviceAddress, content: Content): Promise<void>;
}

/**
 * Takes in what others sealed. A message, the ratchet it moved, and the memory that it came are one write; only then is
 * it acknowledged and shown, so that it is there after a crash and never there twice.
 */
export class DirectReceiver {
  readonly #init: DirectReceiverInit;
  #unseen = 1;

  constructor(init: DirectReceiverInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for await (const row of this.#init.tables.unseen.range(['all'])) this.#unseen = row.order + 1;
  }

  /**
   * Resolves when the message is on disk, now or since an earlier time.
   * @throws Failure where it can't be opened here; the sender may keep it for later or give it up
   */
  async accept(incoming: Incoming): Promise<void> {
    await (await this.take(incoming)).done;
  }

  /** The same in two steps: opened and in its place now, on disk when `done` resolves. */
  async take(incoming: Incoming): Promise<{ done: Promise<unknown> }> {
    const group = await this.#init.groups.find(incoming.group);
    // What is said in a named group has its place in the group's log, and comes from there.
    if (group?.owner.kind !== 'direct') throw groupUnknown();
    const { user } = group.owner;
    return this.#init.enqueue(user, async () => {
      // Another write may have failed since, and the group be another object.
      const current = await this.#init.groups.find(incoming.group);
      if (current === undefined) throw groupUnknown();
      return this.#take(current, user, incoming);
    });
  }

  /** What is taken in is written with what follows; the queue needn't wait for the disk. */
  async #take(group: MlsGroup, user: string, incoming: Incoming): Promise<{ done: Promise<unknown> }> {
    const writing = this.#taking.get(hex(incoming.id));
    if (writing !== undefined) return { done: writing };
    if (await this.#init.tables.places.get(hex(incoming.id))) {
      await this.#init.onKnown(incoming);
      return { done: Promise.resolve() };
    }
    const opened = await this.#open(group, incoming.sealed);
    if (!sameBytes(opened.aad, incoming.id)) throw mislabelled();
    group.state = opened.next;
    const from = this.#init.groups.owner(opened.sender.certificate);
    // The ratchet moves and the id is remembered; besides, nothing of somebody blocked has ever come.
    const isBlocked = this.#init.isBlocked(from.user);
    const content = isBlocked ? undefined : decodeContent(opened.plaintext);
    const tx = new Transaction();
    tx.add(...this.#init.groups.save(group));
    if (content === undefined && !isBlocked) tx.add(...this.#later(user, from.user, incoming, opened.plaintext));
    if (content?.type === 'text') await this.#line(user, from, incoming, content, tx);
    else {
      tx.add(this.#init.tables.places.put([hex(incoming.id)], { conversation: '', number: 0 }));
      if (content) await this.#init.keepContent(user, from, content, tx);
    }
    const done = tx.commit(this.#init.disk).catch((error: unknown) => {
      this.#init.groups.revert(group);
      this.#init.history.revert({ id: incoming.id, conversation: conversationWith(user) });
      throw error;
    });
    this.#taking.set(hex(incoming.id), done);
    void done.finally(() => this.#taking.delete(hex(incoming.id))).catch(() => {});
    if (content && content.type !== 'text') await this.#init.onContent(user, from, content);
    return { done };
  }

  #later(user: string, from: string, { id, via }: Incoming, content: Uint8Array): readonly Step[] {
    return this.#init.keep({
      id,
      conversation: conversationWith(user),
      from,
      via,
      content,
      at: this.#init.clock.now(),
    });
  }

  /** Resolves when what has come is on disk, and shown. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#taking.values());
  }

  /** Being written: not yet to be found on disk. */
  readonly #taking = new Map<string, Promise<unknown>>();

  async #open(group: MlsGroup, sealed: Uint8Array): Promise<MlsOpened> {
    try {
      return await this.#init.engine.open(group.state, sealed);
    } catch (error) {
      if (!hasCode(error, 'mls-future-epoch')) throw error;
      await this.#init.direct.catchUp(group);
      return this.#init.engine.open(group.state, sealed);
    }
  }

  async #line(user: string, from: DeviceAddress, { id, via }: Incoming, content: TextContent, tx: Transaction) {
    const { history, self, clock } = this.#init;
    const conversation = conversationWith(user);
    const head = await history.head(conversation);
    const mine = foldName(from.user) === foldName(self.user);
    const line = lineOf(content, { conversation, from: from.user, self: self.user, since: clock.now() });
    // What another device of ours sent has left already.
    const settled = await this.#init.settled(conversation, { id, via, ...line }, tx);
    const added = await history.append(head, { ...settled, ...(mine && { state: 'stored' as const }) });
    const { unseen, step } = this.note(added.row);
    tx.add(...added.steps, step);
    tx.afterCommit(() => this.#init.onLine(added.row, unseen));
  }

  /** Notes a line as not yet shown to anybody. */
  note({ id, conversation, number }: MessageRow): { unseen: number; step: Step } {
    const unseen = this.#unseen++;
    return { unseen, step: this.#init.tables.unseen.put(['all', unseen], { order: unseen, id, conversation, number }) };
  }
}

const groupUnknown = (): Failure =>
  new Failure('group-unknown', 'this device is not in that conversation', {
    hint: 'The invitation may still be in the mailbox.',
  });

const mislabelled = (): Failure => new Failure('message-mislabelled');
