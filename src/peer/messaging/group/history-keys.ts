import { hex } from '../../../base/bytes.js';
import { toFailure } from '../../../base/errors.js';
import { isArchived } from '../../../crypto/archive.js';
import type { Step } from '../../../store/local.js';
import { type ChangeContent, type Content, contentCodec, isChangeContent } from '../../../wire/content.js';
import type { GroupEntry } from '../../../wire/groups.js';
import { foldName } from '../../../wire/names.js';
import { may } from '../../../wire/roles.js';
import type { MessageRow, PlaceRow } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import { lineOf } from '../message-content.js';
import { UNPLACED } from '../message-view.js';
import { Transaction } from '../transaction.js';
import { saidOf } from '../upload-message.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { backOff } from './jitter.js';
import type { Entry } from './log-batch.js';
import type { LogFollower } from './log-follower.js';

export interface HistoryKeysInit extends GroupContext {
  readonly follower: LogFollower;
  send(group: Group, content: Content): Promise<void>;
}

interface Change {
  readonly id: Uint8Array;
  readonly user: string;
  readonly content: ChangeContent;
}

const MOST_KEYS = 4_000;
const STEP_MS = 40;
const LATEST_MS = 500;
/** A member who lacks keys waits this much longer, so that one who has them all goes first. */
const LACKING_MS = 10_000;
/** Newcomers who come together get the keys together; the first of them waits no longer than this. */
const TOGETHER_MS = 2_000;

/** A group's shared history: its keys, handed to newcomers by whoever is there first, and what they open. */
export class HistoryKeys {
  readonly #init: HistoryKeysInit;
  readonly #fetching = new Set<string>();
  readonly #considering = new Set<string>();
  /** Epochs whose keys are here, by group. */
  readonly #known = new Map<string, Set<number>>();

  constructor(init: HistoryKeysInit) {
    this.#init = init;
  }

  /** Schedules handing the keys to newcomers, unless another member is seen to do it first. */
  consider(group: Group): void {
    const name = hex(group.id);
    const { clock, scope, random, report } = this.#init;
    if (this.#considering.has(name) || !this.#owes(group)) return;
    const began = clock.monotonic();
    const members = group.roster.members().length;
    // Whoever lacks some of them himself lets the others go first.
    const first = group.row.missed === undefined ? 0 : LACKING_MS;
    const wait = (): void => {
      scope.after(clock, first + backOff(random, Math.min(LATEST_MS, members * STEP_MS), members), () => {
        if (scope.closed) return;
        // Once for all who come together, as far as they do.
        const more = group.arrivals.count(clock.monotonic()) > 0 && clock.monotonic() - began < TOGETHER_MS;
        if (more && this.#owes(group)) return wait();
        this.#considering.delete(name);
        scope.run(
          () => this.#handOn(group),
          (error) => report('', error),
        );
      });
    };
    this.#considering.add(name);
    wait();
  }

  /** Keys that a member has handed on. */
  async keys(group: Group, { keys }: Extract<Content, { type: 'archive' }>, seq: number): Promise<Step[]> {
    const { archiveKeys } = this.#init.tables;
    const name = hex(group.id);
    // All members get them, and most have most of them.
    const known = await this.#knownOf(name);
    // Who handed them on may have been away while others were inside: what is lacking is still owed, by those who have it.
    if (isWhole(keys, known)) group.row = { ...group.row, lastArchive: seq };
    else this.consider(group);
    const fresh = keys.filter(({ epoch }) => !known.has(epoch));
    for (const { epoch } of fresh) known.add(epoch);
    // Of an epoch whose key comes only now there may be lines that could not be read when they were fetched.
    if (!group.row.archived || group.row.missed !== undefined || fresh.length > 0) this.fetch(group);
    return fresh.map(({ epoch, key }) => archiveKeys.put([name, epoch], { epoch, key }));
  }

  /** Another device of this account has given keys. What they open is fetched, and they are handed on from here, too. */
  came(group: Group): void {
    this.#known.delete(hex(group.id));
    if (group.mls !== undefined && group.roster.history === 'shared') this.fetch(group);
  }

  /**
   * Keys that came before this device was inside: where they are all there are, nobody needs to hand on any. In a group of
   * one account alone nobody else would.
   */
  tend(group: Group): void {
    const { mls, row, roster } = group;
    if (mls === undefined || row.archived || roster.history !== 'shared') return;
    this.#init.scope.run(
      async () => {
        const known = await this.#knownOf(hex(group.id));
        for (let epoch = mls.state.epoch - 1; epoch >= 0; epoch--) if (!known.has(epoch)) return;
        this.fetch(group);
      },
      (error) => this.#init.report('', error),
    );
  }

  async #knownOf(name: string): Promise<Set<number>> {
    const known = this.#known.get(name) ?? new Set<number>();
    if (known.size === 0) for await (const { epoch } of this.#init.tables.archiveKeys.range([name])) known.add(epoch);
    this.#known.set(name, known);
    return known;
  }

  /** Epochs after this one are others now, and what was kept of their keys opens nothing. */
  async forgetKeys(group: Group, after: number): Promise<Step[]> {
    const { archiveKeys } = this.#init.tables;
    const name = hex(group.id);
    const known = await this.#knownOf(name);
    const others = [...known].filter((epoch) => epoch > after);
    for (const epoch of others) known.delete(epoch);
    return others.map((epoch) => archiveKeys.remove([name, epoch]));
  }

  /** Fetches what was said before this device came, the newest first. */
  fetch(group: Group): void {
    const name = hex(group.id);
    const { scope, report } = this.#init;
    if (this.#fetching.has(name)) return;
    this.#fetching.add(name);
    scope.run(
      () => this.#fetch(group).finally(() => this.#fetching.delete(name)),
      (error) =>
        toFailure(error).reason !== 'unreachable' &&
        report(`the history of #${group.row.name} could not be fetched`, error),
    );
  }

  #owes({ row, roster, mls }: Group): boolean {
    const inside = mls !== undefined && row.archived && (!roster.readOnly || may(this.#init.role(), 'group.members'));
    return inside && roster.history === 'shared' && row.lastJoin > row.lastArchive && roster.members().length > 1;
  }

  async #handOn(group: Group): Promise<void> {
    const { enqueue, follower, isOnline } = this.#init;
    if (!this.#owes(group) || !isOnline()) return;
    // Somebody else may have, and the news of it be under way.
    await enqueue(group, () => follower.catchUp(group));
    if (!this.#owes(group)) return;
    const keys: { epoch: number; key: Uint8Array }[] = [];
    const rows = this.#init.tables.archiveKeys.range([hex(group.id)], { reverse: true, limit: MOST_KEYS });
    for await (const { epoch, key } of rows) keys.push({ epoch, key });
    // So that this member hands them on once, however long the log takes to show it.
    group.row = { ...group.row, lastArchive: group.row.through };
    await this.#init.send(group, { type: 'archive', keys });
  }

  async #fetch(group: Group): Promise<void> {
    const { request, enqueue } = this.#init;
    let before = group.row.entered;
    const until = group.row.archived ? (group.row.missed ?? 0) : 0;
    let newest = true;
    // Read backwards, so they come before what they change.
    const changes: Change[] = [];
    for (let more = before > 1; more; ) {
      const page = await request('groups.read', { group: group.id, from: 1, before });
      const rows = await enqueue(group, () => this.#put(group, page.entries, changes));
      if (newest) for (const row of rows) this.#init.onPast(row);
      newest &&= rows.length === 0;
      before = page.entries[0]?.seq ?? 0;
      more = page.more && before > Math.max(page.first, until);
    }
    await enqueue(group, async () => {
      for (const change of changes.reverse()) await this.#apply(group, change);
      const { missed: _, ...row } = group.row;
      group.row = { ...row, archived: true };
      await this.#init.disk.write([this.#init.store.save(group)]);
    });
    this.consider(group);
  }

  /** Once, however often it stands in the log. */
  async #apply(group: Group, { id, user, content }: Change): Promise<void> {
    const { tables, disk, onChange } = this.#init;
    if (await tables.places.get(hex(id))) return;
    const tx = new Transaction();
    await onChange(conversationIn(group.row.name), user, content, tx);
    tx.add(tables.places.put([hex(id)], { conversation: '', number: 0 }));
    await tx.commit(disk);
  }

  async #put(group: Group, entries: readonly GroupEntry[], changes: Change[]): Promise<MessageRow[]> {
    const rows: MessageRow[] = [];
    const tx = new Transaction();
    const ids = new Set<string>();
    for (const entry of [...entries].reverse()) {
      if (entry.kind !== 'message' || !isArchived(entry.sealed) || ids.has(hex(entry.id))) continue;
      ids.add(hex(entry.id));
      const row = await this.#line(group, entry, changes, tx).catch((error: unknown) => {
        const failure = toFailure(error);
        if (failure.reason === 'trust') this.#init.report(`the history of #${group.row.name}`, failure);
        else if (failure.reason !== 'protocol') throw failure;
      });
      if (row) rows.push(row);
    }
    if (rows.length > 0) {
      const { history } = this.#init;
      tx.add(history.saveHead(await history.head(conversationIn(group.row.name))));
    }
    await tx.commit(this.#init.disk);
    return rows.reverse();
  }

  /** A line that had lost its place when the directory was set back. */
  async #found(group: Group, { conversation, number }: PlaceRow, seq: number, tx: Transaction): Promise<undefined> {
    if (number < UNPLACED || conversation !== conversationIn(group.row.name)) return;
    const { tables, history } = this.#init;
    const row = await tables.messages.get(conversation, number);
    if (row && row.state !== 'queued') tx.add(...history.move(row, seq, {}).steps);
  }

  async #line(
    group: Group,
    entry: Entry<'message'>,
    changes: Change[],
    tx: Transaction,
  ): Promise<MessageRow | undefined> {
    const { follower, history, tables, self, clock } = this.#init;
    const place = await tables.places.get(hex(entry.id));
    if (place !== undefined) return this.#found(group, place, entry.seq, tx);
    const opened = await follower.messages.openArchived(group, entry);
    const content = contentCodec.decode(opened.content);
    if (isChangeContent(content)) changes.push({ id: entry.id, user: opened.user, content });
    if (content.type !== 'text' && content.type !== 'upload') return undefined;
    const mine = foldName(opened.user) === foldName(self.user);
    const conversation = conversationIn(group.row.name);
    const head = await history.head(conversation);
    if (head.last === 0) head.last = entry.seq;
    const said = content.type === 'upload' ? saidOf(content) : content;
    // It lives no longer for having been found late.
    const look = lineOf(said, { conversation, from: opened.user, self: self.user, since: entry.at });
    if (look.expires !== undefined && look.expires <= clock.now()) return undefined;
    const line = history.lineAt(conversation, entry.seq, {
      ...{ id: entry.id, via: 'group', ...look },
      ...(mine && { state: 'stored' as const }),
      ...('upload' in said && { upload: said.upload }),
    });
    tx.add(...line.steps);
    if (content.type === 'upload') this.#init.onUpload(group, opened.user, content, tx, { past: true });
    return line.row;
  }
}

/** Whether none of the epochs known here is missing among those that were handed on. */
function isWhole(keys: readonly { readonly epoch: number }[], known: ReadonlySet<number>): boolean {
  const given = new Set(keys.map(({ epoch }) => epoch));
  const newest = Math.max(...given);
  const oldest = keys.length < MOST_KEYS ? 0 : Math.min(...given);
  for (const epoch of known) if (epoch >= oldest && epoch < newest && !given.has(epoch)) return false;
  return true;
}
