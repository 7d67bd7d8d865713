import { hex, sameBytes } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import { chained, digestOf, NO_ACTS, readAct } from '../../crypto/acts.js';
import { numberBytes, type Proofs } from '../../crypto/proof.js';
import type { Trust } from '../../crypto/trust.js';
import type { Log } from '../../store/store.js';
import type { Act, Statement } from '../../wire/acts.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { GroupRoster, notJoined } from '../../wire/group-roster.js';
import type { GroupEntry } from '../../wire/groups.js';
import { may, type Role } from '../../wire/roles.js';
import { type StoredEntry, storedActCodec, storedEntryCodec } from './rows.js';

/** What a group's log keeps at most; the oldest entries go, and with them what only they needed. */
export interface GroupKeeping {
  readonly entries: number;
  readonly bytes: number;
}

export interface NamedGroupInit {
  readonly id: Uint8Array;
  readonly trust: Trust;
  readonly log: Log;
  /** The acts once more: they stay when the log is trimmed. */
  readonly acts: Log;
  /** The epoch of the newest group info. */
  readonly epoch: number;
  readonly keep: GroupKeeping;
  /** That an entry stands in the log, for the day on which it does no more. */
  readonly proofs: Proofs;
  /** What is in memory is not what is on disk any more: the group has to be loaded anew. */
  onFailed(): void;
  /** The oldest entries are gone. */
  onTrimmed(): Promise<void>;
  /** Entries are on disk, in order. */
  onStored(entry: GroupEntry): void;
}

/** Message ids remembered, so that a repeated message is known. */
const REMEMBERED = 4_096;

/** How far a log grows beyond what it keeps before it is trimmed, as a part of that: not one write for each entry. */
const SLACK = 1 / 16;

/**
 * One group's log and what follows from it. Places are decided here, at once; the way to the disk goes on behind, and
 * several entries share it.
 */
export class NamedGroup {
  readonly id: Uint8Array;
  readonly roster = new GroupRoster();
  readonly #init: NamedGroupInit;
  readonly #ids = new Map<string, Promise<number>>();
  /** When each account's last message came, for slow mode. */
  readonly #lastPost = new Map<string, number>();
  /** The commits in the log, by the epoch they end. */
  readonly #commits = new Map<number, { readonly seq: number; readonly device: string }>();
  #bytes = 0;
  #trimming: Promise<void> | undefined;
  /** Of the newest epoch, while it is on its way to the disk. */
  info: { readonly epoch: number; readonly info: Uint8Array } | undefined;
  head: Uint8Array = NO_ACTS;
  epoch: number;
  first = 0;
  next = 0;
  #acts = 0;
  /** Acts are in the log and not among the acts yet. */
  #isBehind = false;
  writing = 0;
  /** Something else was done since the store was set back: lost acts and commits do not fit any more. */
  diverged = false;
  /** Nobody here follows into the lost epochs from this one on. */
  lostEpoch = Number.POSITIVE_INFINITY;
  readonly #digests = new Set<string>();

  private constructor(init: NamedGroupInit) {
    this.#init = init;
    this.id = init.id;
    this.epoch = init.epoch;
  }

  static async load(init: NamedGroupInit): Promise<NamedGroup> {
    const group = new NamedGroup(init);
    let last = -1;
    for await (const { value } of init.acts.read()) {
      const { seq, act } = storedActCodec.decode(value);
      group.#fold(readAct(act, init.trust), act);
      last = seq - 1;
    }
    const { first, next } = await init.log.ends();
    group.first = first;
    group.next = next;
    for await (const { position, value } of init.log.read()) {
      const entry = storedEntryCodec.decode(value);
      if (entry.kind === 'act' && position > last) {
        group.#fold(readAct(entry.act, init.trust), entry.act);
        // Where there is no room now it can be read all the same; the next act finds the gap, and the group is loaded anew.
        const repaired = storedActCodec.encode({ seq: position + 1, act: entry.act });
        await init.acts.append(repaired, { expect: group.#acts - 1 }).catch((error: unknown) => {
          if (!hasCode(error, 'disk-full') && !hasCode(error, 'store-conflict')) throw error;
          group.#isBehind = true;
        });
      }
      group.#bytes += value.length;
      if (entry.kind === 'commit') group.epoch = Math.max(group.epoch, entry.epoch + 1);
      if (entry.kind === 'commit') group.#commits.set(entry.epoch, { seq: position + 1, device: entry.from.device });
      if (entry.kind === 'message') group.#remember(entry.from, entry.id, Promise.resolve(position + 1));
    }
    return group;
  }

  /** @throws Failure denied 'group-not-joined' */
  assertMember(folded: string): void {
    if (!this.roster.isMember(folded)) throw notJoined(this.roster.name);
  }

  /** @throws Failure denied 'head-moved' */
  assertFollows({ previous }: Pick<Statement, 'previous'>): void {
    if (!sameBytes(previous, this.head)) throw headMoved();
  }

  /** @throws Failure denied 'head-moved', and as GroupRoster.judge */
  act(act: Act, encoded: Uint8Array): Promise<number> {
    if (act.statement.group !== undefined) this.assertFollows(act.statement);
    this.roster.judge(act);
    const index = this.#acts;
    this.#fold(act, encoded);
    const entry = { kind: 'act' as const, act: encoded };
    return this.#append(entry, async (seq) => {
      await this.#init.acts.append(storedActCodec.encode({ seq, act: encoded }), { expect: index });
    });
  }

  /** The act is a renewal. @throws Failure denied 'epoch-taken', 'head-moved' */
  renew(act: Act, encoded: Uint8Array, info: Uint8Array): Promise<number> {
    const { statement } = act;
    if (statement.action !== 'renew' || statement.epoch !== this.epoch + 1) throw epochTaken(this.epoch);
    const stored = this.act(act, encoded);
    this.info = { epoch: this.epoch, info };
    return stored;
  }

  /** @throws Failure denied 'epoch-taken', usage 'epoch-ahead', 'head-moved' */
  commit(
    from: DeviceAddress,
    { epoch, head, commit, info }: { epoch: number; head: Uint8Array; commit: Uint8Array; info: Uint8Array },
  ): Promise<number> {
    if (epoch < this.epoch) throw epochTaken(epoch);
    if (epoch > this.epoch) throw new Failure('epoch-ahead', `the group's epoch is ${this.epoch}`);
    if (!sameBytes(head, this.head)) throw headMoved();
    this.epoch++;
    this.info = { epoch: this.epoch, info };
    this.#commits.set(epoch, { seq: this.next + 1, device: from.device });
    return this.#append({ kind: 'commit', epoch, commit, from });
  }

  /** The commit which ended the epoch: undefined where none has, or it is not kept any more. */
  commitOf(epoch: number): { readonly seq: number; readonly device: string } | undefined {
    return this.#commits.get(epoch);
  }

  /** @throws Failure denied 'epoch-past', 'group-read-only', 'silenced', limit 'rate-limited' */
  post(
    from: DeviceAddress,
    message: { id: Uint8Array; epoch: number; sealed: Uint8Array },
    { now, role }: { now: number; role: Role },
  ): Promise<number> {
    const known = this.#ids.get(idKey(from, message.id));
    if (known !== undefined) return known;
    if (message.epoch !== this.epoch) throw epochPast(this.epoch);
    this.roster.assertMayWrite({ user: from.user, role, now });
    if (!may(role, 'group.members')) this.#assertSlow(from, now);
    const stored = this.#append({ kind: 'message', ...message, from, at: now });
    this.#remember(from, message.id, stored);
    return stored;
  }

  proofOf(seq: number, encoded: Uint8Array): Uint8Array {
    return this.#init.proofs.of(this.id, numberBytes(seq), encoded);
  }

  isProven(seq: number, encoded: Uint8Array, proof: Uint8Array): boolean {
    return this.#init.proofs.holds(proof, this.id, numberBytes(seq), encoded);
  }

  hasAct(encoded: Uint8Array): boolean {
    return this.#digests.has(hex(digestOf(encoded)));
  }

  /** Whether this very entry has that place. */
  async stands(seq: number, encoded: Uint8Array): Promise<boolean> {
    if (seq > this.next) return false;
    for await (const { value } of this.#init.log.read({ from: seq - 1, limit: 1 })) return sameBytes(value, encoded);
    return false;
  }

  /** What a member hands back, at the end. @returns whether it is there now */
  async putBack(entry: Exclude<StoredEntry, { kind: 'act' }>): Promise<boolean> {
    if (entry.kind === 'message') {
      if (this.#ids.has(idKey(entry.from, entry.id))) return true;
      if (entry.epoch > this.epoch || entry.epoch >= this.lostEpoch) return false;
      const stored = this.#append(entry);
      this.#remember(entry.from, entry.id, stored);
      await stored;
      return true;
    }
    const known = this.#commits.get(entry.epoch);
    if (known !== undefined) return this.stands(known.seq, storedEntryCodec.encode(entry));
    if (entry.epoch !== this.epoch) return false;
    this.epoch++;
    this.#commits.set(entry.epoch, { seq: this.next + 1, device: entry.from.device });
    await this.#append(entry);
    return true;
  }

  #told(seq: number, entry: StoredEntry, encoded: Uint8Array): GroupEntry {
    return { seq, ...entry, proof: this.proofOf(seq, encoded) } as GroupEntry;
  }

  async read(from: number, before: number | undefined, limit: number, maxBytes: number) {
    const end = before === undefined ? this.next : Math.min(this.next, before - 1);
    const start = before === undefined ? Math.max(this.first, from - 1) : Math.max(this.first, end - limit);
    const entries: GroupEntry[] = [];
    let bytes = 0;
    for await (const { position, value } of this.#init.log.read({ from: start, limit: limit + 1 })) {
      if (position >= end) break;
      bytes += value.length;
      if (entries.length === limit || (entries.length > 0 && bytes > maxBytes)) {
        return { entries, first: this.first + 1, more: true };
      }
      entries.push(this.#told(position + 1, storedEntryCodec.decode(value), value));
    }
    return { entries, first: this.first + 1, more: before === undefined ? false : start > this.first };
  }

  async acts(from: number, limit: number) {
    const acts: { seq: number; act: Uint8Array }[] = [];
    for await (const { value } of this.#init.acts.read({ from, limit: limit + 1 })) {
      if (acts.length === limit) return { acts, more: true };
      acts.push(storedActCodec.decode(value));
    }
    return { acts, more: false };
  }

  /** Forgets the oldest entries beyond what is kept; the acts stay, because who is a member follows from all of them. */
  trim(): Promise<void> {
    if (this.#isBehind) {
      // Loaded anew, it catches up.
      this.#init.onFailed();
      return Promise.resolve();
    }
    this.#trimming ??= this.#trim().finally(() => {
      this.#trimming = undefined;
    });
    return this.#trimming;
  }

  async #trim(): Promise<void> {
    const { log, keep, onTrimmed } = this.#init;
    const { first, next } = await log.ends();
    let before = first;
    let freed = 0;
    for await (const { position, value } of log.read()) {
      if (position >= next - keep.entries && this.#bytes - freed <= keep.bytes) break;
      freed += value.length;
      before = position + 1;
    }
    if (before === first) return;
    // Readers are told of what will be there when they come back.
    this.first = before;
    await log.trim(before).catch((error: unknown) => {
      this.first = first;
      throw error;
    });
    this.#bytes -= freed;
    for (const [epoch, { seq }] of this.#commits) if (seq <= before) this.#commits.delete(epoch);
    await onTrimmed();
  }

  get #isOverfull(): boolean {
    const { entries, bytes } = this.#init.keep;
    return this.next - this.first > entries * (1 + SLACK) || this.#bytes > bytes * (1 + SLACK);
  }

  #assertSlow(from: DeviceAddress, now: number): void {
    const { slow, name } = this.roster;
    if (slow === 0) return;
    const wait = (this.#lastPost.get(from.user) ?? 0) + slow * 1000 - now;
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw new Failure('slow-mode', `#${name} takes one message each ${slow} s from you`, {
        hint: `It is sent in ${seconds} s.`,
        details: { seconds },
      });
    }
    this.#lastPost.set(from.user, now);
  }

  #fold(act: Act, encoded: Uint8Array): void {
    this.roster.apply(act);
    if (act.statement.action === 'renew') this.epoch = Math.max(this.epoch, act.statement.epoch);
    const digest = digestOf(encoded);
    this.head = chained(this.head, digest);
    this.#digests.add(hex(digest));
    this.#acts++;
  }

  /** The entry in the log decides. What goes along with it is made up for when the group is loaded, if it fails. */
  async #append(entry: StoredEntry, along?: (seq: number) => Promise<void>): Promise<number> {
    const position = this.next++;
    const seq = position + 1;
    this.writing++;
    try {
      const encoded = storedEntryCodec.encode(entry);
      this.#bytes += encoded.length;
      await this.#init.log.append(encoded, { expect: position });
      await along?.(seq).catch(() => this.#fellBehind());
      this.#init.onStored(this.#told(seq, entry, encoded));
    } catch (error) {
      this.#init.onFailed();
      throw error;
    } finally {
      this.writing--;
    }
    if (this.#isOverfull) this.trim().catch(() => this.#init.onFailed());
    return seq;
  }

  /** The log of acts lacks some: the log keeps all until it has them. */
  #fellBehind(): void {
    this.#isBehind = true;
    this.#init.onFailed();
  }

  #remember(from: DeviceAddress, id: Uint8Array, seq: Promise<number>): void {
    seq.catch(() => {});
    this.#ids.set(idKey(from, id), seq);
    if (this.#ids.size <= REMEMBERED) return;
    this.#ids.delete(this.#ids.keys().next().value!);
  }
}

const idKey = (from: DeviceAddress, id: Uint8Array): string => `${from.device}/${hex(id)}`;
const headMoved = (): Failure =>
  new Failure('head-moved', 'the group has changed meanwhile', { hint: 'Read its log, then try again.' });
const epochTaken = (epoch: number): Failure =>
  new Failure('epoch-taken', `somebody else ended epoch ${epoch} first`, { details: { epoch } });
const epochPast = (epoch: number): Failure =>
  new Failure('epoch-past', 'the group is in another epoch', { details: { epoch } });
