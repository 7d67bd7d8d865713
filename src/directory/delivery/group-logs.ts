import { hex, sameBytes } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import type { Log, Store } from '../../store/store.js';
import { type CommitEntry, commitCodec, type GroupRow, type Tables } from '../rows.js';

/** A group's creator may make the first changes before anybody else is in: the log begins with epoch 0 or 1. */
const FIRST_EPOCHS = 1;

/**
 * The commits of each group in order: one ends each epoch, and whoever is second is told. The position in the log is
 * compared and set, so this holds between nodes too.
 */
export class GroupLogs {
  readonly #tables: Tables;
  readonly #store: Store;

  constructor(tables: Tables, store: Store) {
    this.#tables = tables;
    this.#store = store;
  }

  /** @throws Failure denied 'group-taken' where the id is another conversation's */
  async register(group: Uint8Array, row: GroupRow): Promise<void> {
    if (await this.#tables.groups.create(hex(group), row)) return;
    const there = await this.#tables.groups.get(hex(group));
    if (there !== undefined && sameAccounts(there.accounts, row.accounts)) return;
    throw new Failure('group-taken');
  }

  /**
   * The accounts whose devices may read and write the group's log, if `folded` is one of them. Whoever isn't gets the
   * same answer as for a group that doesn't exist.
   * @throws Failure unknown 'group-unknown'
   */
  async membersFor(folded: string, group: Uint8Array): Promise<readonly string[]> {
    const row = await this.#tables.groups.get(hex(group));
    if (row?.accounts.includes(folded)) return row.accounts;
    throw new Failure('group-unknown', 'there is no such group, or you are not in it');
  }

  /**
   * Stores the commit which ends `epoch`. The same one again is no error.
   * @returns whether it was new
   * @throws Failure denied 'epoch-taken', usage 'epoch-ahead'
   */
  async append(group: Uint8Array, entry: CommitEntry): Promise<boolean> {
    const log = this.#log(group);
    const { first, next } = await log.ends();
    if (next > first) {
      const last = await entryAt(log, next - 1);
      if (entry.epoch <= last.epoch) return this.#judgeRepeated(log, entry, first);
      if (entry.epoch > last.epoch + 1) throw epochAhead(last.epoch + 1);
    } else if (entry.epoch > FIRST_EPOCHS) {
      throw epochAhead(FIRST_EPOCHS);
    }
    try {
      await log.append(commitCodec.encode(entry), { expect: next });
      return true;
    } catch (error) {
      if (!hasCode(error, 'store-conflict')) throw error;
      return this.#judgeRepeated(log, entry, first);
    }
  }

  /** Commits which end `from` and later epochs. */
  async read(group: Uint8Array, from: number, limit: number, maxBytes: number) {
    const log = this.#log(group);
    const { first, next } = await log.ends();
    const commits: CommitEntry[] = [];
    if (next === first) return { commits, more: false };
    const offset = first - (await entryAt(log, first)).epoch;
    let bytes = 0;
    for await (const { value } of log.read({ from: Math.max(first, from + offset), limit: limit + 1 })) {
      bytes += value.length;
      if (commits.length === limit || (commits.length > 0 && bytes > maxBytes)) return { commits, more: true };
      commits.push(commitCodec.decode(value));
    }
    return { commits, more: false };
  }

  async #judgeRepeated(log: Log, entry: CommitEntry, first: number): Promise<boolean> {
    const offset = first - (await entryAt(log, first)).epoch;
    const position = entry.epoch + offset;
    const there = position < first ? undefined : await entryAt(log, position);
    if (there?.from.device === entry.from.device && sameBytes(there.commit, entry.commit)) return false;
    throw new Failure('epoch-taken', `somebody else ended epoch ${entry.epoch} first`, {
      details: { epoch: entry.epoch },
    });
  }

  #log(group: Uint8Array): Log {
    return this.#store.logs('commits').log(hex(group));
  }
}

async function entryAt(log: Log, position: number): Promise<CommitEntry> {
  for await (const { value } of log.read({ from: position, limit: 1 })) return commitCodec.decode(value);
  throw new Failure('store-damaged', 'a group has lost part of its log');
}

const sameAccounts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((account) => b.includes(account));

const epochAhead = (expected: number): Failure =>
  new Failure('epoch-ahead', `the group's next commit ends epoch ${expected}`, { details: { epoch: expected } });
