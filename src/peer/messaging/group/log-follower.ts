import { hex, sameBytes } from '../../../base/bytes.js';
import { Failure, hasCode, toFailure } from '../../../base/errors.js';
import { digestOf, readAct } from '../../../crypto/acts.js';
import type { Step } from '../../../store/local.js';
import type { Act } from '../../../wire/acts.js';
import type { GroupEntry } from '../../../wire/groups.js';
import { foldName } from '../../../wire/names.js';
import { STAYS } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import type { Transaction } from '../transaction.js';
import { actEvents, settingsOf } from './act-events.js';
import type { GroupContext } from './context.js';
import { Epochs } from './epochs.js';
import type { Group } from './group.js';
import { keep } from './kept-entries.js';
import { type Entry, LogBatch } from './log-batch.js';
import { Membership, refused } from './membership.js';
import { GroupReceiver, type GroupReceiverInit } from './receiver.js';

/** Lines taken in without writing how far the log was followed: after a crash they are read again, and known. */
const MOST_UNSAVED = 16;

export interface LogFollowerInit extends GroupContext {
  onOwn: GroupReceiverInit['onOwn'];
  onContent: GroupReceiverInit['onContent'];
  /** Acts or commits were taken in: there may be something to do. */
  onChanged(group: Group): void;
}

/**
 * Takes in a group's log, entry by entry, as every member does. What an entry changes is one write with the memory of how
 * far the log was followed: nothing is taken in twice, and nothing is shown before it is on disk. Callers hold the queue.
 */
export class LogFollower {
  readonly membership: Membership;
  readonly epochs: Epochs;
  readonly messages: GroupReceiver;
  readonly #init: LogFollowerInit;

  constructor(init: LogFollowerInit) {
    this.#init = init;
    this.membership = new Membership(init, (group) => this.catchUp(group));
    this.epochs = new Epochs({ ...init, membership: this.membership });
    this.messages = new GroupReceiver({ ...init, membership: this.membership });
  }

  /** Up to the end of the log as it is; for those who aren't members, of its acts. */
  async catchUp(group: Group): Promise<void> {
    const { self } = this.#init;
    if (!group.roster.isMember(self.user)) {
      // Of a program that was killed between the two writes which this once was.
      if (group.mls) await this.epochs.forget(group);
      await this.#learnActs(group, (_seq) => group.roster.isMember(self.user));
      if (!group.roster.isMember(self.user)) return;
      // What stands before is not for this device; what follows is followed in order.
      group.row = { ...group.row, through: Math.max(group.row.through, group.row.lastAct) };
    }
    for (;;) {
      const from = group.row.through + 1;
      const page = await this.#read(group, from);
      if (page === undefined) return;
      const { entries, first, more } = page;
      if (first > from) await this.#fellBehind(group, first, entries);
      await this.take(group, entries);
      if (!more || !group.roster.isMember(self.user)) return;
    }
  }

  /** Undefined where this account is not a member any more: then its acts have said so. */
  async #read(group: Group, from: number) {
    try {
      await this.epochs.findWelcome(group);
      return await this.#init.request('groups.read', { group: group.id, from });
    } catch (error) {
      if (!hasCode(error, 'group-not-joined')) throw error;
      await this.#learnActs(group, () => false, true);
      if (group.roster.isMember(this.#init.self.user)) throw error;
      if (group.mls) await this.epochs.forget(group);
      return undefined;
    }
  }

  /** Entries in order; those known already are passed over. Resolves when they are on disk. */
  async take(group: Group, entries: readonly GroupEntry[]): Promise<void> {
    const { disk, groups, store } = this.#init;
    const tx = new LogBatch();
    const before = { epoch: group.mls?.state.epoch, acts: group.row.acts };
    try {
      for (const entry of entries) {
        if (entry.seq <= group.row.through) continue;
        await this.#one(group, entry, tx);
        tx.add(...keep(this.#init.tables, group, entry));
        group.row = { ...group.row, through: entry.seq };
      }
    } finally {
      if (group.mls) tx.add(...groups.save(group.mls));
      const unsaved = (group.unsaved ?? 0) + entries.length;
      const save = !tx.areLines || unsaved > MOST_UNSAVED;
      group.unsaved = save ? 0 : unsaved;
      if (save) tx.add(store.save(group));
      await tx.commit(disk);
    }
    if (before.epoch !== group.mls?.state.epoch || before.acts !== group.row.acts) this.#init.onChanged(group);
  }

  async #one(group: Group, entry: GroupEntry, tx: LogBatch): Promise<void> {
    tx.areLines &&= entry.kind === 'message' && group.mls !== undefined;
    if (entry.kind === 'act') return this.#act(group, entry, tx);
    if (entry.kind === 'commit') return this.epochs.commit(group, entry, tx);
    if (group.mls === undefined) return this.#passOver(group, entry);
    try {
      await this.messages.take(group, entry, tx);
    } catch (error) {
      tx.areLines = false;
      const failure = toFailure(error);
      if (failure.reason === 'storage' || failure.reason === 'internal') throw failure;
      this.#init.report(`a message of ${entry.from.user} in #${group.row.name} could not be taken in`, failure);
    }
  }

  /** Nobody hands on what is not shared: it is counted, unless it came by another way. */
  async #passOver(group: Group, { id }: Entry<'message'>): Promise<void> {
    if (group.roster.history === 'shared' || (await this.#init.tables.places.get(hex(id)))) return;
    const { count = 0, again = group.row.entered > 0 } = group.passed ?? {};
    group.passed = { count: count + 1, again };
  }

  async #act(group: Group, { seq, act: encoded }: Entry<'act'>, tx: Transaction): Promise<void> {
    if (seq <= group.row.lastAct) return;
    if (group.known?.has(hex(digestOf(encoded)))) {
      group.row = { ...group.row, lastAct: seq };
      return;
    }
    const act = this.#verified(group, encoded);
    const before = settingsOf(group);
    tx.add(...this.#init.store.fold(group, act, encoded, seq), ...(await this.#entered(group, act, seq)));
    group.arrivals.note(act, this.#init.clock.monotonic());
    if (act.statement.action === 'join') group.row = { ...group.row, lastJoin: seq };
    tx.afterCommit(() => {
      for (const event of actEvents(group, act, before)) this.#init.emit(event);
    });
    if (act.statement.action === 'renew') await this.epochs.renewed(group, act, seq, tx);
    else tx.add(...(await this.#outside(group)));
  }

  /** What was said before somebody entered was not said to them: reading on from there tells nothing of it. */
  async #entered(group: Group, { statement, by }: Act, seq: number): Promise<Step[]> {
    if (statement.action !== 'join' && statement.action !== 'add') return [];
    const { positions } = this.#init.tables;
    const user = statement.action === 'add' ? statement.user : by.user;
    const key = [conversationIn(group.row.name), foldName(user)] as const;
    const before = await positions.get(...key);
    const { through, from, earlier = [] } = before ?? { through: 0 };
    const stays = [{ through, ...(from !== undefined && { from }) }, ...earlier].slice(0, STAYS);
    return [positions.put(key, { user, through: seq, from: seq, ...(before && { earlier: stays }) })];
  }

  /** Whoever is no member any more has no keys: they go with the act that says so, in one write. */
  async #outside(group: Group): Promise<Step[]> {
    if (group.mls === undefined || group.roster.isMember(this.#init.self.user)) return [];
    return [...(await this.epochs.drop(group)), this.#init.store.save(group)];
  }

  /** @throws Failure trust, denied; nobody goes on where somebody did what he may not */
  #verified(group: Group, encoded: Uint8Array): Act {
    const act = readAct(encoded, this.#init.anchor.trust);
    const { group: id, previous } = act.statement;
    if (id !== undefined && (!sameBytes(id, group.id) || !sameBytes(previous, group.head))) {
      throw refused(group, 'its acts are not in one chain');
    }
    group.roster.judge(act);
    return act;
  }

  /** The acts alone, until it is enough. */
  async #learnActs(group: Group, isEnough: (next: number) => boolean, tell = false): Promise<void> {
    const { request, disk, store, clock } = this.#init;
    for (let more = true; more; ) {
      const page = await request('groups.acts', { group: group.id, from: group.row.acts });
      const steps: Step[] = [];
      more = page.more;
      for (const { seq, act: encoded } of page.acts) {
        more &&= !isEnough(seq);
        if (isEnough(seq)) break;
        const act = this.#verified(group, encoded);
        const before = settingsOf(group);
        steps.push(...store.fold(group, act, encoded, seq), ...(await this.#outside(group)));
        steps.push(...(await this.#entered(group, act, seq)));
        group.arrivals.note(act, clock.monotonic());
        if (tell) for (const event of actEvents(group, act, before)) this.#init.emit(event);
      }
      if (steps.length === 0) continue;
      await disk.write(steps);
      this.#init.onChanged(group);
    }
  }

  /**
   * The log was trimmed before this device had read it: what is gone is gone. It goes on where the epoch is still its own;
   * else it has to come in again, and asks for what the log still has of a shared history.
   */
  async #fellBehind(group: Group, first: number, entries: readonly GroupEntry[]): Promise<void> {
    const missed = first - 1 - group.row.through;
    await this.#learnActs(group, (seq) => seq >= first);
    const epoch = entries.find((entry) => entry.kind !== 'act')?.epoch;
    const isOver = group.mls !== undefined && epoch !== group.mls.state.epoch;
    if (isOver) await this.epochs.forget(group);
    const archived = group.row.archived && !(isOver && group.roster.history === 'shared');
    group.row = { ...group.row, through: first - 1, archived };
    this.#init.report(`#${group.row.name}`, fellBehind(missed));
  }
}

const fellBehind = (missed: number): Failure =>
  new Failure(
    'group-log-trimmed',
    `you were away for longer than the directory keeps: up to ${missed} messages are missing`,
    { details: { missed } },
  );
