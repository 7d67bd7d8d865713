import { sameBytes } from '../../../base/bytes.js';
import type { Clock } from '../../../base/clock.js';
import { type Failure, toFailure, waitOf } from '../../../base/errors.js';
import type { Random } from '../../../base/random.js';
import type { Scope } from '../../../base/scope.js';
import type { MlsEngine } from '../../../crypto/mls.js';
import type { LocalStore, Step } from '../../../store/local.js';
import { type Content, contentCodec, MESSAGE_ID_BYTES, type TextContent } from '../../../wire/content.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import type { MessageRow, OutboxRow, Tables } from '../../storage/tables.js';
import { ByUser } from '../by-user.js';
import { type Also, conversationWith } from '../conversation.js';
import type { History } from '../history.js';
import { lineOf, textOf } from '../message-content.js';
import type { MlsGroup, MlsGroups } from '../mls-groups.js';
import { permanenceOf } from '../permanence.js';
import { sendable } from '../sendable.js';
import { WorkQueues } from '../work-queues.js';
import type { DirectGroups } from './direct-groups.js';
import type { Outbox } from './outbox.js';
import { Owed } from './owed.js';

export interface DirectSenderInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly scope: Scope;
  readonly engine: MlsEngine;
  readonly groups: MlsGroups;
  readonly direct: DirectGroups;
  readonly history: History;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly self: DeviceAddress;
  /** Of conversations, by folded name. */
  readonly queues: WorkQueues;
  /** The person's name as registered. @throws Failure 'user-unknown', 'identity-changed', 'directory-offline' */
  resolveName(user: string): Promise<string>;
  /** Takes in what waits in the mailbox, where the directory can be reached. */
  drainMailbox(): Promise<void>;
  /** Why messages to a user stay queued. */
  onStuck(user: string, why: Failure): void;
  /** These can't be sent, now or later. */
  onFailed(user: string, rows: readonly OutboxRow[], why: Failure): void;
}

type Message = Pick<OutboxRow, 'id' | 'user' | 'content' | 'shown'>;

/** Between two tries for somebody without a device that can be written to; a notice of the directory causes one sooner. */
const RETRY_MS = 30_000;
/** How many of the newest lines are searched for messages stored for a device that is gone. */
const RESEALED = 1_000;
/** Failures of a conversation that a person has to settle; everything else settles itself and the message waits. */
const REFUSING: ReadonlySet<string> = new Set(['identity-changed', 'user-unknown']);

/**
 * Writes to conversations. Each has a queue: sealing moves the ratchet, and a ratchet has one order. A message that
 * can't be sealed yet (no group, no directory) waits on disk as content, and those after it wait behind it.
 */
export class DirectSender {
  readonly #init: DirectSenderInit;
  readonly #entrances = new WorkQueues();
  readonly #waiting = new ByUser<OutboxRow>();
  readonly #owed: Owed;
  /** Why messages to somebody wait, as it was last told; and for whom another try is due. */
  readonly #told = new Map<string, string>();
  readonly #retrying = new Set<string>();

  constructor(init: DirectSenderInit) {
    this.#init = init;
    this.#owed = new Owed(init.tables, init.clock);
  }

  /** Messages of an earlier run that were never sealed, or that some devices are owed. */
  async resume(rows: readonly OutboxRow[]): Promise<void> {
    await this.#owed.load();
    for (const row of rows) this.#waiting.of(row.user).push(row);
    this.flushAll();
  }

  enqueue<T>(user: string, work: () => Promise<T>): Promise<T> {
    return this.#init.queues.run(foldName(user), work);
  }

  /**
   * Resolves when the message is on disk, sealed where that was possible.
   * @throws Failure usage 'text-empty', limit 'text-too-long', trust 'identity-changed', unknown 'user-unknown'
   */
  async sendText(to: string, text: string, { answers, poll }: Also = {}): Promise<MessageRow> {
    const said = { body: sendable(text), ...(answers && { replyTo: answers }), ...(poll && { poll }) };
    const { row, written } = await this.#entering(to, (user) => this.#sealText(user, said));
    await written;
    return row;
  }

  /** The person's name as registered, once what they may have begun is known. @throws Failure as `sendText` */
  enter(to: string): Promise<string> {
    return this.#entering(to, async (user) => user);
  }

  /** What is said first stays first, however long it takes to find out to whom. */
  #entering<T>(to: string, work: (user: string) => Promise<T>): Promise<T> {
    return this.#entrances.run(foldName(to), async () => {
      const user = await this.#init.resolveName(to);
      await this.#lookForWelcome(user);
      return work(user);
    });
  }

  #sealText(
    user: string,
    said: Pick<TextContent, 'body' | 'replyTo' | 'poll'>,
  ): Promise<{ row: MessageRow; written: Promise<unknown> }> {
    return this.enqueue(user, async () => {
      const group = await this.#groupFor(user);
      const conversation = conversationWith(user);
      const head = await this.#init.history.head(conversation);
      const { user: self } = this.#init.self;
      const sentAt = this.#init.clock.now();
      const { seconds = 0 } = head.expire ?? {};
      const order = await this.#init.history.nextOrder(head);
      const content = { type: 'text' as const, ...said, sentAt, order, ...(seconds > 0 && { expires: seconds }) };
      const line = await this.#init.history.append(head, {
        id: this.#init.random.bytes(MESSAGE_ID_BYTES),
        ...lineOf(content, { conversation, from: self, self, since: sentAt }),
        state: 'queued',
      });
      const { written } = await this.#post(
        group,
        { id: line.row.id, user, content: contentCodec.encode(content), shown: true },
        line.steps,
      );
      return { row: line.row, written };
    });
  }

  /** Something besides text: no line of its own, the same care otherwise. @returns its id */
  async sendContent(user: string, content: Content): Promise<Uint8Array> {
    const id = this.#init.random.bytes(MESSAGE_ID_BYTES);
    const { written } = await this.enqueue(user, async () => {
      const group = await this.#groupFor(user);
      return this.#post(group, { id, user, content: contentCodec.encode(content), shown: false }, []);
    });
    await written;
    return id;
  }

  /** The same message in the group of now, for a device that could not open it. */
  async resend(user: string, line: MessageRow): Promise<void> {
    const { id, from, deleted } = line;
    if (deleted || foldName(from) !== foldName(this.#init.self.user)) return;
    const { written } = await this.enqueue(user, async () => {
      const group = await this.#groupFor(user);
      const content = contentCodec.encode(textOf(line));
      return this.#post(group, { id, user, content, shown: true }, []);
    });
    await written;
  }

  /** Sealed for devices that are all gone: it waits again, before what was said later, and is sealed for those there will be. */
  takeBack(row: OutboxRow): Promise<void> {
    return this.#waitAgain(row.user, [row]);
  }

  /** The same messages, sealed in the group of now: the one they were sealed in is no more. */
  async sealAnew(rows: readonly OutboxRow[]): Promise<void> {
    for (const user of new Set(rows.map((row) => row.user)))
      await this.#waitAgain(
        user,
        rows.filter((row) => row.user === user),
      );
  }

  async #waitAgain(user: string, rows: readonly OutboxRow[]): Promise<void> {
    await this.enqueue(user, async () => {
      const waiting = this.#waiting.of(user);
      const kept = rows.filter((row) => !this.#init.outbox.isDropped(row));
      waiting.push(...kept);
      waiting.sort((one, other) => one.order - other.order);
      await this.#init.disk.write(kept.map((row) => this.#init.outbox.save(row)));
    });
    this.flush(user);
  }

  /** Devices of theirs are gone: what is stored, and may have been for them alone, is sealed for those who are there. */
  async resealStored(user: string): Promise<void> {
    for (const line of await this.#init.history.stored(conversationWith(user), RESEALED)) await this.resend(user, line);
  }

  /** Whether nobody can have the message: it was never sealed. */
  isUnsent(id: Uint8Array, user: string): boolean {
    return this.#waiting.of(user).some((row) => sameBytes(row.id, id));
  }

  /** A message is not to be sent any more, where it has not left. In its conversation's queue; the steps are to be written. */
  withdraw(id: Uint8Array, user: string): Step[] {
    const waiting = this.#waiting.of(user);
    const at = waiting.findIndex((row) => sameBytes(row.id, id));
    if (at < 0) return [...this.#init.outbox.withdraw(id), ...this.#owed.withdraw(id, user)];
    return waiting.splice(at, 1).map((row) => this.#init.outbox.remove(row));
  }

  /** Seals what waits, now that something may have changed. */
  flushAll(): void {
    for (const user of new Set([...this.#waiting.users(), ...this.#owed.users()])) this.flush(user);
  }

  flush(user: string): void {
    if (this.#waiting.of(user).length === 0 && !this.#owed.isOwed(user)) return;
    const work = async (): Promise<void> => {
      await this.#lookForWelcome(user);
      await this.enqueue(user, () => this.#groupFor(user));
    };
    work().catch((error: unknown) => {
      const why = toFailure(error);
      return permanenceOf(why) === 'account' ? this.#giveUp(user, why) : this.#init.onStuck(user, why);
    });
  }

  /** Whom the messages are for is gone: they are not tried any more. */
  #giveUp(user: string, why: Failure): Promise<void> {
    return this.enqueue(user, async () => this.#init.onFailed(user, await this.drop(user), why)).catch(
      (error: unknown) => this.#init.onStuck(user, toFailure(error)),
    );
  }

  /** Nothing that was said to the person is tried any more. In the conversation's queue. */
  async drop(user: string): Promise<OutboxRow[]> {
    this.#waiting.of(user).splice(0);
    await this.#init.disk.write(this.#owed.drop(user));
    return this.#init.outbox.drop(user);
  }

  /** Devices changed: what waits may go; where a word of ours is stored and not read, the gone ones leave before the next. */
  devicesChanged(user: string): void {
    this.flush(user);
    const work = async (): Promise<void> => {
      if ((await this.#init.history.stored(conversationWith(user), RESEALED)).length === 0) return;
      if (await this.#init.direct.hasLeavers(user)) await this.#groupFor(user);
    };
    this.enqueue(user, work).catch((error: unknown) => this.#init.onStuck(user, toFailure(error)));
  }

  /** Resolves when every queue has come to rest. */
  async idle(): Promise<void> {
    await this.#entrances.idle();
    await this.#init.queues.idle();
  }

  /** A conversation that isn't known here may have been begun by another device: its Welcome would be in the mailbox. */
  async #lookForWelcome(user: string): Promise<void> {
    if (!(await this.#init.direct.has(user))) await this.#init.drainMailbox();
  }

  /** The group to seal in, after everything that waited has been sealed; undefined where it has to wait on. */
  async #groupFor(user: string): Promise<MlsGroup | undefined> {
    try {
      const group = await this.#init.direct.ready(user);
      await this.#sealOwed(user, group);
      await this.#sealWaiting(user, group);
      this.#told.delete(foldName(user));
      return group;
    } catch (error) {
      const why = toFailure(error);
      if (REFUSING.has(why.code) || why.reason === 'internal' || why.reason === 'storage') throw why;
      // Behind the work that asks for the group, which may be about to let its message wait.
      if (why.code === 'direct-taken') void this.enqueue(user, async () => this.flush(user));
      else if (why.code !== 'directory-offline') this.#waits(user, why);
      return undefined;
    }
  }

  /** Said once for each cause; tried again now and then, besides whenever the directory tells that something is new. */
  #waits(user: string, why: Failure): void {
    const folded = foldName(user);
    if (this.#told.get(folded) !== why.code) this.#init.onStuck(user, why);
    this.#told.set(folded, why.code);
    if (this.#retrying.has(folded)) return;
    this.#retrying.add(folded);
    const { scope, clock } = this.#init;
    scope.after(clock, Math.max(RETRY_MS, waitOf(why)), () => {
      this.#retrying.delete(folded);
      if (!scope.closed) this.flush(user);
    });
  }

  /** What was said while devices could not be added, for those of them that are inside now. */
  async #sealOwed(user: string, group: MlsGroup): Promise<void> {
    if (!this.#owed.isOwed(user)) return;
    const { disk, groups, outbox } = this.#init;
    for (const due of await this.#owed.due(user, groups.members(group), group.lacking ?? [])) {
      const { debt, devices, content } = due;
      if (content === undefined || devices.length === 0) {
        await disk.write(this.#owed.settle(due));
        continue;
      }
      const message = { order: outbox.order(), id: debt.id, user, content, shown: false };
      const row = { ...(await this.#seal(group, message)), pending: [...devices] };
      await disk.write([...groups.save(group), outbox.save(row), ...this.#owed.settle(due)]);
      outbox.dispatch(row);
    }
  }

  async #sealWaiting(user: string, group: MlsGroup): Promise<void> {
    const waiting = this.#waiting.of(user);
    for (let row = waiting[0]; row !== undefined; row = waiting[0]) {
      const sealed = await this.#seal(group, row);
      const owed = this.#owed.add(sealed, group.lacking ?? []);
      await this.#init.disk.write([...this.#init.groups.save(group), this.#init.outbox.save(sealed), ...owed]);
      waiting.shift();
      this.#init.outbox.dispatch(sealed);
    }
  }

  /** The write is begun and not waited for: the next message's ratchet step follows in the next write. */
  async #post(
    group: MlsGroup | undefined,
    message: Message,
    steps: readonly Step[],
  ): Promise<{ written: Promise<unknown> }> {
    const { disk, outbox, groups } = this.#init;
    const order = outbox.order();
    if (group === undefined) {
      const row = { order, ...message };
      this.#waiting.of(message.user).push(row);
      return { written: disk.write([...steps, outbox.save(row)]) };
    }
    const row = await this.#seal(group, { order, ...message });
    const owed = this.#owed.add(row, group.lacking ?? []);
    const written = disk.write([...steps, ...groups.save(group), outbox.save(row), ...owed]).then(
      () => outbox.dispatch(row),
      (error: unknown) => {
        groups.revert(group);
        throw error;
      },
    );
    return { written };
  }

  async #seal(group: MlsGroup, row: OutboxRow): Promise<OutboxRow> {
    const { next, bytes } = await this.#init.engine.seal(group.state, row.content, row.id);
    group.state = next;
    const pending = this.#init.groups
      .members(group)
      .filter(({ device }) => device !== this.#init.self.device)
      .map(({ user, device }) => ({ user, device }));
    return { ...row, group: group.id, sealed: bytes, pending };
  }
}
