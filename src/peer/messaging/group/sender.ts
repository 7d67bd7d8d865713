import { hex, sameBytes } from '../../../base/bytes.js';
import { type Failure, toFailure, waitOf } from '../../../base/errors.js';
import { sealArchived } from '../../../crypto/archive.js';
import type { Step } from '../../../store/local.js';
import { type Content, contentCodec, MESSAGE_ID_BYTES, type UploadContent } from '../../../wire/content.js';
import { notJoined } from '../../../wire/group-roster.js';
import type { GroupOutRow, MessageRow } from '../../storage/tables.js';
import { type Also, conversationIn } from '../conversation.js';
import { lineOf, textOf } from '../message-content.js';
import { UNPLACED } from '../message-view.js';
import { sendable } from '../sendable.js';
import { Transaction } from '../transaction.js';
import { saidOf } from '../upload-message.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { Entry } from './log-batch.js';
import type { Membership } from './membership.js';

export interface GroupSenderInit extends GroupContext {
  readonly membership: Membership;
  catchUp(group: Group): Promise<void>;
  /** Comes inside, where the group's members have let this device in. */
  enter(group: Group): Promise<void>;
  find(id: Uint8Array): Group | undefined;
  /** A text waits while the directory is away. */
  onWaiting(group: Group, row: GroupOutRow): void;
}

/** How often a message is sealed again because the group went on meanwhile. */
const TRIES = 16;
const RETRY_MS = 2_000;
/** So long after the directory has taken a message the log's news of it may come. */
const UNSEEN_MS = 3_000;

/**
 * Messages to groups: on disk first, then into the group's log, one after the other. A message is done when it is seen in
 * the log; until then it is tried again, by its id, also by the next program on this profile.
 */
export class GroupSender {
  readonly #init: GroupSenderInit;
  readonly #waiting = new Map<string, GroupOutRow[]>();
  readonly #running = new Set<string>();
  /** Why what waits does, by group, as it was told. */
  readonly #told = new Map<string, string>();
  #nextOrder = 1;

  constructor(init: GroupSenderInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for await (const row of this.#init.tables.groupOut.range(['out'])) {
      this.#nextOrder = Math.max(this.#nextOrder, row.order + 1);
      this.#queue(row.group).push(row);
    }
  }

  /**
   * Resolves when the line is on disk.
   * @throws Failure usage 'text-empty', limit 'text-too-long', denied 'group-not-joined', 'group-read-only', 'silenced'
   */
  async text(group: Group, text: string, { answers, poll }: Also = {}): Promise<MessageRow> {
    const { history, clock, random, self, disk, tables, role } = this.#init;
    if (!group.roster.isMember(self.user)) throw notJoined(group.row.name);
    const now = clock.now();
    group.roster.assertMayWrite({ user: self.user, role: role(), now });
    const { expire } = group.roster;
    const said = {
      ...{ body: sendable(text), sentAt: now },
      ...(answers && { replyTo: answers }),
      ...(poll && { poll }),
      ...(expire > 0 && { expires: expire }),
    };
    const order = this.#nextOrder++;
    const id = random.bytes(MESSAGE_ID_BYTES);
    const line = UNPLACED + order;
    const conversation = conversationIn(group.row.name);
    const kept = lineOf(said, { conversation, from: self.user, self: self.user, since: now });
    const added = history.lineAt(conversation, line, { id, ...kept, state: 'queued' });
    const content = contentCodec.encode({ type: 'text', ...said });
    const row: GroupOutRow = { order, id, group: group.id, content, mls: false, line };
    await disk.write([...added.steps, tables.groupOut.put(['out', order], row)]);
    this.#queue(group.id).push(row);
    if (this.#init.isOnline()) this.flush(group);
    else this.#init.onWaiting(group, row);
    return added.row;
  }

  /** A number for a line that has no place yet. */
  nextLine(): number {
    return UNPLACED + this.#nextOrder++;
  }

  /** Lines up to this number are in use. */
  reserve(line: number): void {
    this.#nextOrder = Math.max(this.#nextOrder, line - UNPLACED + 1);
  }

  /** Texts that wait for their place. */
  waiting(group: Group): readonly GroupOutRow[] {
    return this.#queue(group.id).filter(({ line, mls }) => line !== undefined && !mls);
  }

  /** A file that lies at the directory; the steps are written with the message, which has the upload's id. */
  async upload(group: Group, content: UploadContent, also: readonly Step[]): Promise<void> {
    const { history, self, disk, tables } = this.#init;
    const order = this.#nextOrder++;
    const line = UNPLACED + order;
    const id = content.upload;
    const said = { id, from: self.user, state: 'queued' as const, ...saidOf(content) };
    const added = history.lineAt(conversationIn(group.row.name), line, said);
    const row: GroupOutRow = { order, id, group: group.id, content: contentCodec.encode(content), mls: false, line };
    await disk.write([...added.steps, tables.groupOut.put(['out', order], row), ...also]);
    this.#queue(group.id).push(row);
    this.flush(group);
  }

  /** Something that has no line. @param mls sealed to today's members alone */
  async content(group: Group, content: Content, mls: boolean): Promise<void> {
    const order = this.#nextOrder++;
    const id = this.#init.random.bytes(MESSAGE_ID_BYTES);
    const row: GroupOutRow = { order, id, group: group.id, content: contentCodec.encode(content), mls };
    await this.#init.disk.write([this.#init.tables.groupOut.put(['out', order], row)]);
    this.#queue(group.id).push(row);
    this.flush(group);
  }

  /** Whether nobody can have the message: it waits, and nothing is on its way. */
  isUnsent(group: Group, id: Uint8Array): boolean {
    const row = this.#queue(group.id).find((one) => sameBytes(one.id, id));
    return row !== undefined && !row.sealed && !row.aside && !this.#running.has(hex(group.id));
  }

  /** Remembers that some may have the message from now on. @returns false where it waits no more */
  leavesAside(group: Group, row: GroupOutRow): Promise<boolean> {
    return this.#init.enqueue(group, async () => {
      if (!this.#queue(group.id).includes(row)) return false;
      if (row.aside) return true;
      row.aside = true;
      await this.#init.disk.write([this.#init.tables.groupOut.put(['out', row.order], row)]);
      return true;
    });
  }

  /** A message is not to be sent any more, where it has not left. In the group's queue; the steps are to be written. */
  withdraw(group: Group, id: Uint8Array): Step[] {
    const waiting = this.#queue(group.id);
    const at = waiting.findIndex((row) => sameBytes(row.id, id));
    return (at < 0 ? [] : waiting.splice(at, 1)).map(({ order }) => this.#init.tables.groupOut.remove(['out', order]));
  }

  /** The message of this device that stands at this place of the log: it is done. @returns false where none waited */
  async settle(group: Group, { id, seq }: Pick<Entry<'message'>, 'id' | 'seq'>, tx: Transaction): Promise<boolean> {
    const { history, tables, emit } = this.#init;
    const waiting = this.#queue(group.id);
    const at = waiting.findIndex((row) => sameBytes(row.id, id));
    const row = waiting[at];
    if (row === undefined) return false;
    waiting.splice(at, 1);
    tx.add(tables.groupOut.remove(['out', row.order]));
    const conversation = conversationIn(group.row.name);
    const line = row.line === undefined ? undefined : await history.find(id);
    if (line === undefined) {
      tx.add(tables.places.put([hex(id)], { conversation: '', number: 0 }));
      return true;
    }
    const head = await history.head(conversation);
    head.last = Math.max(head.last, seq);
    tx.add(...history.move(line, seq, { state: 'stored' }).steps, history.saveHead(head));
    tx.afterCommit(() => emit({ event: 'sent', id: hex(id), conversation, state: 'stored' }));
    return true;
  }

  isQueued(group: Group, id: Uint8Array): boolean {
    return this.#queue(group.id).some((row) => sameBytes(row.id, id));
  }

  /** A line of this person's that the log has lost is said again, under its id. */
  async again(group: Group, line: MessageRow): Promise<void> {
    const content = contentCodec.encode(textOf(line));
    const row = { order: this.#nextOrder++, id: line.id, group: group.id, content, mls: false, line: line.number };
    await this.#init.disk.write([this.#init.tables.groupOut.put(['out', row.order], row)]);
    this.#queue(group.id).push(row);
    this.flush(group);
  }

  flushAll(): void {
    for (const rows of this.#waiting.values()) {
      const group = rows[0] && this.#init.find(rows[0].group);
      if (group) this.flush(group);
    }
  }

  flush(group: Group): void {
    const name = hex(group.id);
    if (
      this.#running.has(name) ||
      !this.#init.isOnline() ||
      !this.#init.mayPost() ||
      this.#queue(group.id).length === 0
    )
      return;
    this.#running.add(name);
    const now: { row?: GroupOutRow } = {};
    this.#init.scope.run(
      () => this.#run(group, now).finally(() => this.#running.delete(name)),
      (error) => this.#failed(group, now.row, toFailure(error)),
    );
  }

  /** @param now what it is about at the moment */
  async #run(group: Group, now: { row?: GroupOutRow }): Promise<void> {
    const waiting = this.#queue(group.id);
    let tries = 0;
    const posted = new Set<GroupOutRow>();
    for (;;) {
      const row = waiting.find((one) => !posted.has(one));
      if (row === undefined) {
        this.#told.delete(hex(group.id));
        return this.#lookFor(posted, group);
      }
      now.row = row;
      const sealed = await this.#init.enqueue(group, () => this.#seal(group, row));
      try {
        const { seq } = await this.#init.request('groups.post', {
          group: group.id,
          id: row.id,
          epoch: sealed.epoch,
          sealed: sealed.bytes,
        });
        posted.add(row);
        await this.#init.enqueue(group, () => this.#settlePassed(group, row, seq));
        tries = 0;
      } catch (error) {
        const failure = toFailure(error);
        if (failure.code !== 'epoch-past' || ++tries > TRIES) throw failure;
        await this.#init.enqueue(group, () => this.#init.catchUp(group));
      }
    }
  }

  /** What was posted stands in the log; where the news of that is lost, it is read there. */
  #lookFor(posted: ReadonlySet<GroupOutRow>, group: Group): void {
    const { scope, clock, isOnline, enqueue, report } = this.#init;
    const isUnseen = (): boolean => this.#queue(group.id).some((row) => posted.has(row));
    if (!isUnseen()) return;
    scope.after(clock, UNSEEN_MS, () => {
      if (!isUnseen() || !isOnline()) return;
      scope.run(
        () => enqueue(group, () => this.#init.catchUp(group)),
        (error) => toFailure(error).reason !== 'unreachable' && report('', error),
      );
    });
  }

  /** It stood in the log already, where this device has read on since (or was not inside): it is not shown to it again. */
  async #settlePassed(group: Group, row: GroupOutRow, seq: number): Promise<void> {
    if (seq > group.row.through || !this.#queue(group.id).includes(row)) return;
    const tx = new Transaction();
    await this.settle(group, { id: row.id, seq }, tx);
    await tx.commit(this.#init.disk);
  }

  /** For the epoch of now. What moved a ratchet is on disk before it leaves. */
  async #seal(group: Group, row: GroupOutRow): Promise<{ epoch: number; bytes: Uint8Array }> {
    const { engine, groups, disk, tables, membership } = this.#init;
    if (group.mls === undefined) await this.#init.enter(group);
    await membership.clean(group);
    const { mls } = group;
    if (mls === undefined) throw notJoined(group.row.name);
    const { epoch } = mls.state;
    if (row.sealed?.epoch === epoch) return row.sealed;
    if (group.roster.history === 'shared' && !row.mls) return { epoch, bytes: this.#archived(group, epoch, row) };
    const { next, bytes } = await engine.seal(mls.state, row.content, row.id);
    mls.state = next;
    row.sealed = { epoch, bytes };
    await disk.write([...groups.save(mls), tables.groupOut.put(['out', row.order], row)]);
    return row.sealed;
  }

  #archived(group: Group, epoch: number, { id, content }: GroupOutRow): Uint8Array {
    const { self, random, anchor, membership } = this.#init;
    const place = { directoryId: anchor.trust.directoryId, group: group.id, epoch, id };
    const author = { user: self.user, key: self.key, statement: self.statement };
    return sealArchived(membership.archiveKey(group), place, { author, content, random });
  }

  #failed(group: Group, row: GroupOutRow | undefined, failure: Failure): void {
    if (failure.reason === 'unreachable' && failure.code !== 'group-info-stale') {
      // Without the directory it goes on when that is back; an answer that was lost is asked for again.
      if (this.#init.isOnline()) this.#later(group, RETRY_MS);
      return;
    }
    const { scope, report } = this.#init;
    if (failure.reason === 'denied' || failure.reason === 'blocked') {
      const waiting = this.#queue(group.id);
      const at = row === undefined ? -1 : waiting.indexOf(row);
      if (at >= 0) waiting.splice(at, 1);
      report(`a message to #${group.row.name} was refused`, failure);
      if (row && at >= 0)
        scope.run(
          () => this.#giveUp(row, failure),
          (error) => report('', error),
        );
      if (waiting.length > 0) this.#later(group, 0);
      return;
    }
    const isNew = this.#told.get(hex(group.id)) !== failure.code;
    if (isNew) report(`messages to #${group.row.name} wait`, failure);
    this.#told.set(hex(group.id), failure.code);
    this.#later(group, Math.max(RETRY_MS, waitOf(failure)));
  }

  #later(group: Group, ms: number): void {
    this.#init.scope.after(this.#init.clock, ms, () => this.flush(group));
  }

  async #giveUp(row: GroupOutRow, why: Failure): Promise<void> {
    const { history, tables, disk } = this.#init;
    const line = row.line === undefined ? undefined : await history.find(row.id);
    await disk.write([tables.groupOut.remove(['out', row.order]), ...(line ? history.remove(line) : [])]);
    this.#init.onRefused(row.id, why);
  }

  #queue(id: Uint8Array): GroupOutRow[] {
    const name = hex(id);
    const rows = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, rows);
    return rows;
  }
}
