import { sameBytes, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { sha256 } from '../../crypto/hash.js';
import type { Store } from '../../store/store.js';
import type { Role } from '../../wire/directory.js';
import { foldName, isName, parseUserName } from '../../wire/names.js';
import { type AccountRow, accountCodec, type Ban, type Tables } from '../rows.js';
import { newToken } from './invitations.js';
import type { Ownership } from './ownership.js';

export interface AccountsInit {
  readonly tables: Tables;
  readonly store: Store;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly maxAccounts: number;
}

export interface NewAccountRow {
  readonly user: string;
  readonly record: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly backup: Uint8Array;
  readonly email?: string | undefined;
}

/** An account that is there, with the role it has now. */
export interface Account extends AccountRow {
  readonly folded: string;
}

export const userUnknown = (user: string): Failure =>
  new Failure('user-unknown', `there is no user '${user}' on this directory`, { details: { user } });

export const nameTaken = (user: string): Failure =>
  new Failure('name-taken', `the name '${user}' is taken`, { details: { user } });

/** No account has this key. */
const NO_KEY = '-';

/** Stands in for an unknown name, so that looking it up costs what a known one costs. */
const NOBODY = accountCodec.encode({
  user: 'nobody',
  role: 'beginner',
  record: new Uint8Array(192),
  identityKey: new Uint8Array(32),
  backup: new Uint8Array(80),
  createdAt: 0,
});

/** Accounts by folded name. A name, once taken, stays with its identity key for good. */
export class Accounts {
  readonly #tables: Tables;
  readonly #records: ReturnType<Store['records']>;
  readonly #ownership: Ownership;
  readonly #clock: Clock;
  readonly #maxAccounts: number;
  #size = 0;

  private constructor({ tables, store, ownership, clock, maxAccounts }: AccountsInit) {
    this.#tables = tables;
    this.#records = store.records('accounts');
    this.#ownership = ownership;
    this.#clock = clock;
    this.#maxAccounts = maxAccounts;
  }

  static async open(init: AccountsInit): Promise<Accounts> {
    const accounts = new Accounts(init);
    for await (const _name of accounts.#records.range()) accounts.#size++;
    return accounts;
  }

  /** Names taken, those of deleted accounts included. */
  get size(): number {
    return this.#size;
  }

  async find(user: string): Promise<Account | undefined> {
    const folded = foldName(user);
    if (!isName(user)) return undefined;
    const row = await this.#tables.accounts.get(folded);
    return row && row.deletedAt === undefined ? this.#account(folded, row) : undefined;
  }

  /** @throws Failure unknown 'user-unknown' */
  async need(user: string): Promise<Account> {
    const account = await this.find(user);
    if (account === undefined) throw userUnknown(user);
    return account;
  }

  /** For logins: takes as long for a name that isn't there. */
  async findEvenly(folded: string): Promise<Account | undefined> {
    const found = await this.#records.get(isName(folded) ? folded : NO_KEY);
    const row = accountCodec.decode(found?.value ?? NOBODY);
    return found === undefined || row.deletedAt !== undefined ? undefined : this.#account(folded, row);
  }

  /** Also one that has been reset and not been taken since. @throws Failure unknown 'user-unknown' */
  async needOrReset(user: string): Promise<{ readonly user: string; readonly folded: string }> {
    const folded = foldName(user);
    const row = isName(user) ? await this.#tables.accounts.get(folded) : undefined;
    if (row === undefined || (row.deletedAt !== undefined && row.reset === undefined)) throw userUnknown(user);
    return { user: row.user, folded };
  }

  /** @returns whether the name waits for whoever has the token of its reset */
  async isReset(user: string): Promise<boolean> {
    return isName(user) && (await this.#tables.accounts.get(foldName(user)))?.reset !== undefined;
  }

  /** @throws Failure usage 'name-invalid', 'name-reserved', 'name-taken' */
  async assertFree(user: string): Promise<void> {
    const { folded } = parseUserName(user);
    const there = await this.#tables.accounts.get(folded);
    if (there !== undefined && there.reset === undefined) throw nameTaken(user);
  }

  /**
   * Takes the name. The same registration again, because its answer was lost, is no error.
   * @returns whether it was new
   * @throws Failure usage 'name-taken', limit 'accounts-full'
   */
  async create({ user, record, identityKey, backup, email }: NewAccountRow): Promise<boolean> {
    const { name, folded } = parseUserName(user);
    const row: AccountRow = {
      user: name,
      role: 'beginner',
      record,
      identityKey,
      backup,
      createdAt: this.#clock.now(),
      ...(email !== undefined && { email }),
    };
    this.#assertRoom();
    if (await this.#tables.accounts.create(folded, row)) {
      this.#size++;
      return true;
    }
    const there = await this.#tables.accounts.get(folded);
    if (there && sameBytes(there.identityKey, identityKey) && sameBytes(there.record, record)) return false;
    throw nameTaken(user);
  }

  /**
   * Nothing opens the account any more, and its name waits for the token.
   * @returns the token
   */
  async reset(folded: string, random: Random, until: number): Promise<string> {
    const token = newToken(random);
    await this.#tables.accounts.update(folded, (row) => {
      if (row === undefined) throw userUnknown(folded);
      const role = row.reset?.role ?? row.role;
      return { ...this.#emptied(row), reset: { token: sha256(utf8(token)), until, role } };
    });
    return token;
  }

  /**
   * Takes the name of a reset account, with the role it had.
   * @throws Failure denied 'invite-invalid', 'invite-expired'
   */
  async takeAnew({ user, record, identityKey, backup, email }: NewAccountRow, token: string): Promise<void> {
    const now = this.#clock.now();
    await this.#tables.accounts.update(foldName(user), (row) => {
      if (row?.reset === undefined || !sameBytes(row.reset.token, sha256(utf8(token)))) {
        throw new Failure('invite-invalid', 'this is not the invitation for that name');
      }
      if (row.reset.until <= now) throw new Failure('invite-expired');
      const { role } = row.reset;
      const fresh = { user: row.user, role, record, identityKey, backup, createdAt: now };
      return { ...fresh, ...(email !== undefined && { email }) };
    });
  }

  /** @throws Failure unknown 'user-unknown' */
  async setPassword(folded: string, record: Uint8Array, backup: Uint8Array): Promise<void> {
    await this.#change(folded, (row) => ({ ...row, record, backup }));
  }

  /** @throws Failure unknown 'user-unknown' */
  async setRole(folded: string, role: Role): Promise<void> {
    await this.#change(folded, (row) => ({ ...row, role }));
  }

  /** @throws Failure unknown 'user-unknown' */
  async setBan(folded: string, ban: Ban | undefined): Promise<void> {
    await this.#change(folded, ({ ban: _before, ...row }) => ({ ...row, ...(ban && { ban }) }));
  }

  async #change(folded: string, change: (row: AccountRow) => AccountRow): Promise<void> {
    await this.#tables.accounts.update(folded, (row) => {
      if (row === undefined || row.deletedAt !== undefined) throw userUnknown(folded);
      return change(row);
    });
  }

  /** Leaves the name and its identity key, and nothing else of the account. */
  async delete(folded: string): Promise<void> {
    await this.#tables.preferences.delete(folded);
    await this.#tables.accounts.update(folded, (row) => row && this.#emptied(row));
  }

  #emptied({ user, identityKey, createdAt }: AccountRow): AccountRow {
    const gone = new Uint8Array(0);
    const deletedAt = this.#clock.now();
    return { user, role: 'beginner', record: gone, backup: gone, identityKey, createdAt, deletedAt };
  }

  /** In order of their folded names, after `after`. */
  async *list(after?: string): AsyncGenerator<Account> {
    const from = after === undefined ? {} : { from: `${foldName(after)} ` };
    for await (const { key, value } of this.#tables.accounts.range(from)) {
      if (value.deletedAt === undefined) yield this.#account(key, value);
    }
  }

  roleOf(folded: string, row: Pick<AccountRow, 'role'>): Role {
    return this.#ownership.owner === folded ? 'super-admin' : row.role;
  }

  #assertRoom(): void {
    if (this.#size < this.#maxAccounts) return;
    throw new Failure('accounts-full', 'this directory has as many accounts as it may', {
      details: { limit: this.#maxAccounts },
    });
  }

  #account(folded: string, row: AccountRow): Account {
    return { ...row, folded, role: this.roleOf(folded, row) };
  }
}
