import { hex, sameBytes } from '../../base/bytes.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import { readAct } from '../../crypto/acts.js';
import { archiveEpoch, isArchived, openArchived } from '../../crypto/archive.js';
import type { Step } from '../../store/local.js';
import type { Act } from '../../wire/acts.js';
import {
  type ChangeContent,
  type Content,
  isChangeContent,
  type TextContent,
  type UploadContent,
} from '../../wire/content.js';
import type { GroupEntry } from '../../wire/groups.js';
import { foldName } from '../../wire/names.js';
import { cleanText } from '../../wire/text.js';
import { UNPLACED } from '../history.js';
import type { MessageRow, PlaceRow } from '../rows.js';
import { understood } from '../talk/later.js';
import { lineOf } from '../talk/line.js';
import { saidOf } from '../uploads/view.js';
import { actEvents } from './act-events.js';
import type { GroupContext } from './context.js';
import { conversationOf, type NamedGroup } from './group.js';
import { isUnfollowable, Membership, refused } from './membership.js';

type Entry<K extends GroupEntry['kind']> = Extract<GroupEntry, { kind: K }>;

/** What follows from entries once they are on disk. */
interface Taken {
  readonly steps: Step[];
  readonly effects: (() => void)[];
}

interface Batch extends Taken {
  /** Of the messages in it, which are not on disk yet. */
  readonly ids: Set<string>;
  /** All of them are lines, which are known by their ids when they are read again. */
  areLines: boolean;
}

/** Lines taken in without writing how far the log was followed: after a crash they are read again, and known. */
const MOST_UNSAVED = 16;

export interface FollowerInit extends GroupContext {
  /** A message of this device has its place in the log. @returns steps that settle it */
  onOwn(group: NamedGroup, entry: Entry<'message'>): Promise<Taken>;
  onContent(group: NamedGroup, from: string, content: Content, entry: Entry<'message'>): Promise<Step[]>;
  /** Acts or commits were taken in: there may be something to do. */
  onChanged(group: NamedGroup): void;
}

/**
 * Takes in a group's log, entry by entry, as every member does. What an entry changes is one write with the memory of how
 * far the log was followed: nothing is taken in twice, and nothing is shown before it is on disk. Callers hold the queue.
 */
export class Follower {
  readonly membership: Membership;
  readonly #init: FollowerInit;

  constructor(init: FollowerInit) {
    this.#init = init;
    this.membership = new Membership(init, (group) => this.catchUp(group));
  }

  /** Up to the end of the log as it is; for those who aren't members, of its acts. */
  async catchUp(group: NamedGroup): Promise<void> {
    const { self } = this.#init;
    if (!group.roster.isMember(self.user)) {
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
  async #read(group: NamedGroup, from: number) {
    try {
      await this.#findWelcome(group);
      return await this.#init.request('groups.read', { group: group.id, from });
    } catch (error) {
      if (!hasCode(error, 'group-not-joined')) throw error;
      await this.#learnActs(group, () => false, true);
      if (group.roster.isMember(this.#init.self.user)) throw error;
      if (group.mls) await this.forgetMls(group);
      return undefined;
    }
  }

  /** Entries in order; those known already are passed over. Resolves when they are on disk. */
  async take(group: NamedGroup, entries: readonly GroupEntry[]): Promise<void> {
    const { disk, groups, store } = this.#init;
    const taken: Batch = { steps: [], effects: [], ids: new Set(), areLines: true };
    const before = { epoch: group.mls?.state.epoch, acts: group.row.acts };
    try {
      for (const entry of entries) {
        if (entry.seq <= group.row.through) continue;
        await this.#one(group, entry, taken);
        group.row = { ...group.row, through: entry.seq };
      }
    } finally {
      if (group.mls) taken.steps.push(...groups.save(group.mls));
      const unsaved = (group.unsaved ?? 0) + entries.length;
      const save = !taken.areLines || unsaved > MOST_UNSAVED;
      group.unsaved = save ? 0 : unsaved;
      if (save) taken.steps.push(store.save(group));
      await disk.write(taken.steps);
      for (const effect of taken.effects) effect();
    }
    if (before.epoch !== group.mls?.state.epoch || before.acts !== group.row.acts) this.#init.onChanged(group);
  }

  /** For this device the group begins anew: with the next `enter`. */
  async forgetMls(group: NamedGroup): Promise<void> {
    await this.#init.disk.write(await this.#drop(group));
  }

  async #drop(group: NamedGroup): Promise<Step[]> {
    const { mls } = group;
    group.mls = undefined;
    delete group.welcome;
    return mls ? this.#init.groups.drop(mls) : [];
  }

  async #one(group: NamedGroup, entry: GroupEntry, taken: Batch): Promise<void> {
    taken.areLines &&= entry.kind === 'message' && group.mls !== undefined;
    if (entry.kind === 'act') return this.#act(group, entry, taken);
    if (entry.kind === 'commit') return this.#commit(group, entry, taken);
    if (group.mls === undefined) return;
    try {
      await this.#message(group, entry, taken);
    } catch (error) {
      taken.areLines = false;
      const failure = toFailure(error);
      if (failure.reason === 'storage' || failure.reason === 'internal') throw failure;
      this.#init.report(`a message of ${entry.from.user} in #${group.row.name} could not be taken in`, failure);
    }
  }

  async #act(group: NamedGroup, { seq, act: encoded }: Entry<'act'>, taken: Taken): Promise<void> {
    if (seq <= group.row.lastAct) return;
    const act = this.#verified(group, encoded);
    taken.steps.push(...this.#init.store.fold(group, act, encoded, seq));
    group.arrivals.note(act, this.#init.clock.monotonic());
    if (act.statement.action === 'join') group.row = { ...group.row, lastJoin: seq };
    taken.effects.push(() => {
      for (const event of actEvents(group, act)) this.#init.emit(event);
    });
    if (act.statement.action === 'renew') await this.#renewed(group, act, seq, taken);
    else if (group.mls && !group.roster.isMember(this.#init.self.user)) taken.steps.push(...(await this.#drop(group)));
  }

  /** The old keys are of no use; who made the new ones is inside, and everybody else comes in. */
  async #renewed(group: NamedGroup, { statement, by }: Act, seq: number, taken: Taken): Promise<void> {
    taken.steps.push(...(await this.#lose(group)));
    const { renewed } = group;
    delete group.renewed;
    delete group.broken;
    group.renewedAt = this.#init.clock.monotonic();
    const mine = by.device === this.#init.self.device && 'epoch' in statement && statement.epoch === renewed?.epoch;
    if (renewed === undefined || !mine) return;
    delete group.renewedAt;
    const { missed: _, ...row } = group.row;
    group.mls = { id: group.id, user: conversationOf(group.row.name), number: 0, state: renewed.state };
    group.row = { ...row, entered: seq, lastJoin: seq };
    taken.steps.push(...this.#init.groups.add(group.mls), ...this.membership.epochKey(group));
  }

  /** @throws Failure trust, denied; nobody goes on where somebody did what he may not */
  #verified(group: NamedGroup, encoded: Uint8Array): Act {
    const act = readAct(encoded, this.#init.anchor.trust);
    const { group: id, previous } = act.statement;
    if (id !== undefined && (!sameBytes(id, group.id) || !sameBytes(previous, group.head))) {
      throw refused(group, 'its acts are not in one chain');
    }
    group.roster.judge(act);
    return act;
  }

  async #commit(group: NamedGroup, entry: Entry<'commit'>, taken: Taken): Promise<void> {
    const { engine, groups, self } = this.#init;
    group.arrivals.entered(entry.from.user);
    if (group.mls === undefined) {
      if (group.welcome === undefined && group.roster.isMember(self.user)) await this.#findWelcome(group);
      if (group.welcome?.seq === entry.seq) await this.#join(group, taken);
      return;
    }
    const { mls } = group;
    if (entry.epoch !== mls.state.epoch) return;
    if (mls.pending && sameBytes(mls.pending.commit, entry.commit)) {
      mls.state = mls.pending.next;
    } else {
      try {
        const applied = await engine.applyCommit(mls.state, entry.commit, (change) =>
          this.membership.authorize(group, change),
        );
        mls.state = applied.next;
        if (applied.external) group.row = { ...group.row, lastJoin: entry.seq };
      } catch (error) {
        return this.#refuse(group, entry, error, taken);
      }
    }
    delete mls.pending;
    taken.steps.push(...groups.savePending(mls), ...this.membership.epochKey(group));
    if (!mls.state.active) taken.steps.push(...(await this.#drop(group)));
  }

  /**
   * What nobody should have done doesn't count here. But the directory, which can't judge it, has ended the epoch with it:
   * so this device comes in anew, where others could follow, or the group's keys begin anew.
   */
  async #refuse(group: NamedGroup, { from }: Entry<'commit'>, error: unknown, taken: Taken): Promise<void> {
    const failure = toFailure(error);
    if (failure.reason === 'unreachable' || failure.reason === 'storage') throw failure;
    this.#init.report(failure.reason === 'protocol' ? `a change by ${from.user} to #${group.row.name}` : '', failure);
    if (isUnfollowable(failure)) group.broken = true;
    taken.steps.push(...(await this.#lose(group)));
  }

  /** The keys are gone for now; what comes until there are others is fetched later, where it is shared. */
  async #lose(group: NamedGroup): Promise<Step[]> {
    if (group.mls && group.roster.history === 'shared') group.row = { missed: group.row.through, ...group.row };
    return this.#drop(group);
  }

  async #join(group: NamedGroup, taken: Taken): Promise<void> {
    const { engine, keyPackages, self, groups } = this.#init;
    const { bytes, seq } = group.welcome!;
    delete group.welcome;
    try {
      const keyPackage = await keyPackages.matching(bytes);
      const state = await engine.join(bytes, keyPackage.private, self.signatureKey);
      if (!sameBytes(state.groupId, group.id)) throw refused(group, 'the Welcome is for another group');
      this.membership.assertMembers(group, state);
      group.mls = { id: group.id, user: conversationOf(group.row.name), number: 0, state };
      group.row = { ...group.row, entered: seq, lastJoin: seq };
      taken.steps.push(...groups.add(group.mls), keyPackages.remove(keyPackage), ...this.membership.epochKey(group));
    } catch (error) {
      const failure = toFailure(error);
      if (failure.reason === 'storage') throw failure;
      this.#init.report('', failure);
    }
  }

  async #message(group: NamedGroup, entry: Entry<'message'>, taken: Batch): Promise<void> {
    const again = taken.ids.has(hex(entry.id));
    taken.ids.add(hex(entry.id));
    if (entry.from.device === this.#init.self.device) {
      const own = await this.#init.onOwn(group, entry);
      taken.steps.push(...own.steps);
      taken.effects.push(...own.effects);
      if (own.steps.length > 0) return;
    }
    // A message comes once: whoever puts it into the log again, in this batch or later, shows and changes nothing.
    if (again) return;
    const place = await this.#init.tables.places.get(hex(entry.id));
    if (place !== undefined) {
      const ahead = await this.#aheadOfTheLog(group, place);
      if (ahead !== undefined) await this.#place(group, ahead, entry, taken);
      return;
    }
    const { user, content: plaintext } = await this.#open(group, entry);
    if (!group.roster.isMember(user)) throw refused(group, `${user} is not a member`);
    const content = understood(plaintext);
    taken.areLines &&= content?.type === 'text';
    if (content?.type !== 'text' && content?.type !== 'upload') {
      taken.steps.push(this.#init.tables.places.put([hex(entry.id)], { conversation: '', number: 0 }));
    }
    if (content === undefined) taken.steps.push(...this.#later(group, user, plaintext, entry));
    if (content?.type === 'text') await this.#line(group, user, content, entry, taken);
    else if (content?.type === 'upload') await this.#upload(group, user, content, entry, taken);
    else if (content && isChangeContent(content)) await this.#change(group, user, content, taken);
    else if (content) taken.steps.push(...(await this.#init.onContent(group, user, content, entry)));
  }

  /** The line of a message that came over a direct link before it had a place. */
  async #aheadOfTheLog(group: NamedGroup, { conversation, number }: PlaceRow): Promise<MessageRow | undefined> {
    if (number < UNPLACED || conversation !== conversationOf(group.row.name)) return;
    return this.#init.tables.messages.get(conversation, number);
  }

  /** It was shown; now it gets its place, and says what the log says. */
  async #place(group: NamedGroup, row: MessageRow, entry: Entry<'message'>, taken: Batch): Promise<void> {
    const { history, tables, emit } = this.#init;
    const opened = await this.#open(group, entry).catch(() => undefined);
    const content = opened && foldName(opened.user) === foldName(row.from) ? understood(opened.content) : undefined;
    const body = content?.type === 'text' ? cleanText(content.body) : row.body;
    const moved = history.move(row, entry.seq, { body, ...(row.state && { state: 'stored' }) });
    const head = await history.head(row.conversation);
    head.last = Math.max(head.last, entry.seq);
    taken.steps.push(...moved.steps, history.saveHead(head));
    for await (const note of tables.unseen.range(['all'])) {
      if (note.conversation !== row.conversation || note.number !== row.number) continue;
      taken.steps.push(tables.unseen.put(['all', note.order], { ...note, number: entry.seq }));
    }
    if (body === row.body) return;
    const change = { event: 'change', id: hex(row.id), conversation: row.conversation, from: row.from } as const;
    taken.effects.push(() => emit({ ...change, change: 'edited', text: body }));
  }

  #later(group: NamedGroup, from: string, content: Uint8Array, { id, seq }: Entry<'message'>): readonly Step[] {
    const { keep, clock } = this.#init;
    return keep({
      id,
      seq,
      conversation: conversationOf(group.row.name),
      from,
      via: 'group',
      content,
      at: clock.now(),
    });
  }

  async #open(group: NamedGroup, entry: Entry<'message'>): Promise<{ user: string; content: Uint8Array }> {
    const { engine, groups } = this.#init;
    if (isArchived(entry.sealed)) return this.openArchived(group, entry);
    const mls = group.mls!;
    const opened = await engine.open(mls.state, entry.sealed);
    if (!sameBytes(opened.aad, entry.id))
      throw refused(group, 'a message came under another name than its author gave it');
    mls.state = opened.next;
    return { user: groups.owner(opened.sender.certificate).user, content: opened.plaintext };
  }

  /** @throws Failure protocol 'archive-key-missing' */
  async openArchived(group: NamedGroup, entry: Entry<'message'>): Promise<{ user: string; content: Uint8Array }> {
    const { anchor, tables } = this.#init;
    const epoch = archiveEpoch(entry.sealed);
    const current = group.mls?.state.epoch === epoch ? this.membership.archiveKey(group) : undefined;
    const key = current ?? (await tables.archiveKeys.get(hex(group.id), epoch))?.key;
    if (key === undefined) throw keyMissing();
    const place = { directoryId: anchor.trust.directoryId, group: group.id, id: entry.id };
    return openArchived(entry.sealed, key, place, (user) => group.roster.standing(user)?.identityKey);
  }

  async #line(
    group: NamedGroup,
    user: string,
    content: Omit<TextContent, 'type'> & Pick<MessageRow, 'upload'>,
    { id, seq }: Entry<'message'>,
    { steps, effects }: Taken,
  ): Promise<void> {
    const { history, note, onLine, self, clock } = this.#init;
    const conversation = conversationOf(group.row.name);
    const mine = foldName(user) === foldName(self.user);
    const line = lineOf(content, { conversation, from: user, self: self.user, since: clock.now() });
    const added = history.lineAt(conversation, seq, {
      ...{ id, via: 'group', ...line },
      ...(mine && { state: 'stored' as const }),
      ...(content.upload && { upload: content.upload }),
    });
    const head = await history.head(conversation);
    head.unread ??= 0;
    head.last = Math.max(head.last, seq);
    if (!mine) history.count(head, added.row);
    const { unseen, step } = note(added.row);
    steps.push(...added.steps, step, history.saveHead(head));
    effects.push(() => onLine(added.row, unseen));
  }

  async #change(group: NamedGroup, user: string, content: ChangeContent, taken: Taken): Promise<void> {
    const { onChange, emit } = this.#init;
    const changed = await onChange(conversationOf(group.row.name), user, content);
    if (changed === undefined) return;
    taken.steps.push(...changed.steps);
    taken.effects.push(() => emit(changed.event));
  }

  async #upload(
    group: NamedGroup,
    user: string,
    content: UploadContent,
    entry: Entry<'message'>,
    taken: Taken,
  ): Promise<void> {
    const { steps, effect } = this.#init.onUpload(group, user, content);
    taken.steps.push(...steps);
    await this.#line(group, user, saidOf(content), entry, taken);
    taken.effects.push(effect);
  }

  /** The acts alone, until it is enough. */
  async #learnActs(group: NamedGroup, isEnough: (next: number) => boolean, tell = false): Promise<void> {
    const { request, disk, store, clock } = this.#init;
    for (let more = true; more; ) {
      const page = await request('groups.acts', { group: group.id, from: group.row.acts });
      const steps: Step[] = [];
      more = page.more;
      for (const { seq, act: encoded } of page.acts) {
        more &&= !isEnough(seq);
        if (isEnough(seq)) break;
        const act = this.#verified(group, encoded);
        steps.push(...store.fold(group, act, encoded, seq));
        group.arrivals.note(act, clock.monotonic());
        if (tell) for (const event of actEvents(group, act)) this.#init.emit(event);
      }
      if (steps.length > 0) await disk.write(steps);
    }
  }

  async #findWelcome(group: NamedGroup): Promise<void> {
    const { request, self } = this.#init;
    if (group.mls !== undefined || group.welcome !== undefined || !group.roster.isMember(self.user)) return;
    const { welcome, seq } = await request('groups.welcome', { group: group.id });
    if (welcome !== undefined && seq !== undefined && seq > group.row.through) group.welcome = { bytes: welcome, seq };
  }

  /**
   * The log was trimmed before this device had read it: what is gone is gone. It goes on where the epoch is still its own;
   * else it has to come in again, and asks for what the log still has of a shared history.
   */
  async #fellBehind(group: NamedGroup, first: number, entries: readonly GroupEntry[]): Promise<void> {
    const missed = first - 1 - group.row.through;
    await this.#learnActs(group, (seq) => seq >= first);
    const epoch = entries.find((entry) => entry.kind !== 'act')?.epoch;
    const isOver = group.mls !== undefined && epoch !== group.mls.state.epoch;
    if (isOver) await this.forgetMls(group);
    const archived = group.row.archived && !(isOver && group.roster.history === 'shared');
    group.row = { ...group.row, through: first - 1, archived };
    this.#init.report(`#${group.row.name}`, fellBehind(missed));
  }
}

const fellBehind = (missed: number): Failure =>
  new Failure(
    'limit',
    'group-log-trimmed',
    `you were away for longer than the directory keeps: up to ${missed} messages are missing`,
    {
      hint: 'Ask another member for what was said; what comes from now on is here.',
      details: { missed },
    },
  );

const keyMissing = (): Failure =>
  new Failure('protocol', 'archive-key-missing', 'its key is not known here', {
    hint: 'A member hands it on; nothing has to be done.',
  });
