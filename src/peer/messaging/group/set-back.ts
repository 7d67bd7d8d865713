import { sameBytes } from '../../../base/bytes.js';
import { Failure, hasCode, toFailure, waitOf } from '../../../base/errors.js';
import { digestOf } from '../../../crypto/acts.js';
import type { GroupEntry } from '../../../wire/groups.js';
import { GROUP_LOG_PAGE } from '../../../wire/limits.js';
import { foldName } from '../../../wire/names.js';
import type { MessageRow } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import { UNPLACED } from '../message-view.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { HistoryKeys } from './history-keys.js';
import type { GroupJoiner } from './joining.js';
import { ENTRIES_KEPT, isSame, keptOf } from './kept-entries.js';
import type { LogFollower } from './log-follower.js';
import type { GroupSender } from './sender.js';

export interface GroupSetBackInit extends GroupContext {
  readonly follower: LogFollower;
  readonly joiner: GroupJoiner;
  readonly sender: GroupSender;
  readonly archive: HistoryKeys;
}

/** What is sent at once is no larger than this, by half a frame. */
const BATCH_BYTES = 512 * 1024;

interface Agreement {
  /** Up to here the directory's log is the one that this device has followed. */
  readonly agreed: number;
  /** The first epoch that was ended by another commit. */
  readonly forked?: number | undefined;
}

/**
 * The directory's store was set back: its log of a group may be shorter than what this device has read of it, and have
 * other entries under the same numbers. What it lacks goes back to it; then this device goes on from where the two agree.
 */
export class GroupSetBack {
  readonly #init: GroupSetBackInit;

  constructor(init: GroupSetBackInit) {
    this.#init = init;
  }

  /** In the group's queue. */
  async compare(group: Group): Promise<void> {
    const { self, follower } = this.#init;
    if (!group.roster.isMember(self.user)) await this.#loseHistory(group);
    if (group.row.through === 0 || !group.roster.isMember(self.user)) return this.#compareActs(group);
    const kept = await keptOf(this.#init.tables, group);
    let found = await this.#agreement(group, kept);
    const { through } = group.row;
    if (found.agreed < through) {
      await this.#handIn(
        group,
        kept.filter(({ seq }) => seq > found.agreed),
      );
      found = await this.#agreement(group, kept);
    }
    if (found.agreed >= through && found.forked === undefined) return this.#leaveInfo(group);
    await this.#rewind(group, found);
    await follower.catchUp(group);
    await this.#comeIn(group);
    await this.#settleLines(group);
  }

  /** One page where nothing is amiss: the last entry that was read has its place. */
  async #agreement(group: Group, kept: readonly GroupEntry[]): Promise<Agreement> {
    const { through } = group.row;
    const last = kept.at(-1);
    if (last?.seq === through) {
      const { entries, first } = await this.#read(group, through);
      if (first > through || (entries[0] && isSame(entries[0], last))) return { agreed: through };
    }
    const mine = new Map(kept.map((entry) => [entry.seq, entry]));
    const commits = new Map(kept.flatMap((entry) => (entry.kind === 'commit' ? [[entry.epoch, entry.commit]] : [])));
    let agreed = Math.max(0, through - ENTRIES_KEPT);
    let forked: number | undefined;
    let differs = false;
    for (let from = agreed + 1, more = true; more; ) {
      const page = await this.#read(group, from);
      // So much is lost that the log ends before.
      if (page.entries.length === 0 && from === agreed + 1) agreed = await this.#end(group, agreed);
      for (const entry of page.entries) {
        const here = mine.get(entry.seq);
        differs ||= here !== undefined && !isSame(here, entry);
        if (!differs) agreed = entry.seq;
        const commit = entry.kind === 'commit' && commits.get(entry.epoch);
        if (entry.kind === 'commit' && commit && !sameBytes(commit as Uint8Array, entry.commit)) forked ??= entry.epoch;
      }
      from = (page.entries.at(-1)?.seq ?? from) + 1;
      ({ more } = page);
    }
    return { agreed: Math.min(agreed, through), forked };
  }

  async #end(group: Group, most: number): Promise<number> {
    return (await this.#read(group, 1, most + 1)).entries.at(-1)?.seq ?? 0;
  }

  /** A group, or a membership, that the directory has lost has no log to read. */
  async #read(group: Group, from: number, before?: number) {
    try {
      const range = { from, ...(before !== undefined && { before }) };
      return await this.#init.request('groups.read', { group: group.id, ...range });
    } catch (error) {
      if (!hasCode(error, 'group-unknown') && !hasCode(error, 'group-not-joined')) throw error;
      return { entries: [], first: 1, more: false };
    }
  }

  async #handIn(group: Group, lost: readonly GroupEntry[]): Promise<void> {
    for (const entries of batches(lost)) {
      try {
        await this.#init.request('groups.restore', { group: group.id, entries });
      } catch (error) {
        const why = toFailure(error);
        if (why.code !== 'rate-limited') throw error;
        await this.#init.scope.pause(this.#init.clock, waitOf(why) || 1_000);
        await this.#init.request('groups.restore', { group: group.id, entries });
      }
    }
  }

  /** What others come in by, where the directory has an older one. */
  async #leaveInfo({ id, mls }: Group): Promise<void> {
    const { engine, request } = this.#init;
    if (mls === undefined) return;
    const { epoch, current } = await request('groups.info', { group: id });
    if (epoch === current || current !== mls.state.epoch) return;
    await request('groups.info.put', { group: id, epoch: current, info: await engine.groupInfo(mls.state) });
  }

  /** This device has not followed the log; the acts it knows may be others. */
  async #compareActs(group: Group): Promise<void> {
    if (group.row.acts === 0) return;
    if ((await this.#commonActs(group)) === group.row.acts) return;
    await this.#handIn(group, await keptOf(this.#init.tables, group));
    if ((await this.#commonActs(group)) < group.row.acts) await this.#rewind(group, { agreed: group.row.through });
  }

  /** How many acts the directory has as this device knows them. */
  async #commonActs(group: Group): Promise<number> {
    const there: Uint8Array[] = [];
    for (let more = true; more; ) {
      const page = await this.#init
        .request('groups.acts', { group: group.id, from: there.length })
        .catch((error: unknown) => {
          if (toFailure(error).reason === 'unreachable') throw error;
          return { acts: [], more: false };
        });
      there.push(...page.acts.map(({ act }) => digestOf(act)));
      ({ more } = page);
    }
    let common = 0;
    for (const act of await this.#init.store.acts(group)) {
      const other = there[common];
      if (other === undefined || !sameBytes(other, digestOf(act))) break;
      common++;
    }
    return common;
  }

  /** Back to where the two agree; what is known is known by its content when it is read again. */
  async #rewind(group: Group, { agreed, forked }: Agreement): Promise<void> {
    const { disk, store, tables, report } = this.#init;
    const common = await this.#commonActs(group);
    if (common < group.row.acts) report(`#${group.row.name}`, actsLost(group.row.acts - common));
    const steps = await store.rewind(group, { through: agreed, acts: common });
    if (forked !== undefined) steps.push(...(await this.#loseKeys(group, forked)));
    const conversation = conversationIn(group.row.name);
    for await (const { entry } of tables.kept.range([conversation], { from: agreed + 1 }))
      steps.push(tables.kept.remove([conversation, entry.seq]));
    await disk.write([...steps, store.save(group)]);
    await this.#lift(conversation, agreed);
  }

  /** The lines that follow lose their places until they are found again. */
  async #lift(conversation: string, after: number): Promise<void> {
    const { tables, history, disk, sender } = this.#init;
    const lines: MessageRow[] = [];
    for await (const row of tables.messages.range([conversation], { from: after + 1, below: UNPLACED }))
      lines.push(row);
    for (const row of lines) {
      const number = sender.nextLine();
      const steps = [...history.move(row, number, {}).steps];
      for await (const note of tables.unseen.range(['all'])) {
        if (note.conversation === conversation && note.number === row.number)
          steps.push(tables.unseen.put(['all', note.order], { ...note, number }));
      }
      await disk.write(steps);
    }
  }

  /** Where the keys here are not of the directory's epoch, this device comes in anew. */
  async #comeIn(group: Group): Promise<void> {
    const { request, disk, follower, joiner, self } = this.#init;
    if (!group.roster.isMember(self.user)) {
      await this.#loseHistory(group);
      return follower.epochs.forget(group);
    }
    if (group.mls !== undefined) {
      const { current } = await request('groups.info', { group: group.id });
      if (group.mls.state.epoch !== current) await disk.write(await this.#loseKeys(group, current));
    }
    if (group.mls === undefined) await joiner.enter(group);
    else await this.#leaveInfo(group);
  }

  /**
   * Whoever is not inside can't see which epochs are others now. With keys of those, it could not read what was said in them
   * once it is inside again, and would hand them on. Members give all keys to who comes in.
   */
  async #loseHistory(group: Group): Promise<void> {
    await this.#init.disk.write(await this.#init.archive.forgetKeys(group, -1));
  }

  /** Of all epochs after this one. */
  async #loseKeys(group: Group, after: number) {
    const { follower, archive } = this.#init;
    return [...(await follower.epochs.drop(group)), ...(await archive.forgetKeys(group, after))];
  }

  /** Lines that nobody could hand back: this person's own are said again, of the others it is told. */
  async #settleLines(group: Group): Promise<void> {
    const { tables, self, sender, report } = this.#init;
    const lines: MessageRow[] = [];
    for await (const row of tables.messages.range([conversationIn(group.row.name)], { from: UNPLACED }))
      lines.push(row);
    const left = lines.filter(({ id }) => !sender.isQueued(group, id));
    const isMember = group.roster.isMember(self.user);
    const mine = left.filter(
      (row) => isMember && foldName(row.from) === foldName(self.user) && !row.deleted && !row.upload,
    );
    for (const row of mine) await sender.again(group, row);
    const others = left.length - mine.length;
    if (others > 0) report(`#${group.row.name}`, linesLost(others));
  }
}

function* batches(entries: readonly GroupEntry[]): Generator<GroupEntry[]> {
  let batch: GroupEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size =
      entry.kind === 'act' ? entry.act.length : 'sealed' in entry ? entry.sealed.length : entry.commit.length;
    if (batch.length > 0 && (batch.length === GROUP_LOG_PAGE || bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const linesLost = (count: number): Failure =>
  new Failure('group-lines-lost', `${count} messages are in the directory's log no more`, { details: { count } });

const actsLost = (count: number): Failure =>
  new Failure('group-acts-lost', `the directory has lost ${count} changes of members or settings`, {
    details: { count },
  });
