import { sameBytes } from '../../base/bytes.js';
import { Failure, toFailure } from '../../base/errors.js';
import { chained, digestOf, NO_ACTS, readAct } from '../../crypto/acts.js';
import type { Authority } from '../../crypto/ca.js';
import { readOperatorAct, signOperatorAct } from '../../crypto/operator-acts.js';
import type { Log, Store } from '../../store/store.js';
import { type Act, actCodec, type Statement, statementCodec } from '../../wire/acts.js';
import { assertDirectoryBan } from '../../wire/group-roster.js';
import { foldName } from '../../wire/names.js';
import type { OperatorStatement } from '../../wire/operator-acts.js';
import { assertRoleChange, may, outranks, type Role } from '../../wire/roles.js';
import { storedActCodec } from './rows.js';

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
/** What the operator does: `directory`, `previous` and `at` follow from the ledger. */
export type OperatorDeed = Without<OperatorStatement, 'directory' | 'previous' | 'at'>;

/** An entry with every signature verified. */
export interface LedgerEntry {
  readonly number: number;
  /** As it is stored: what the chain is made of. */
  readonly encoded: Uint8Array;
  readonly act?: Act;
  readonly operator?: OperatorStatement;
}

interface GivenBack {
  readonly act?: Uint8Array | undefined;
  readonly operator?: Uint8Array | undefined;
}

interface Stored {
  readonly act: Uint8Array;
  readonly operator?: true | undefined;
}

/** The acts on the directory itself, in one chain: roles, bans. What follows from them is stored with the accounts. */
export class Ledger {
  readonly #log: Log;
  readonly #authority: Authority;
  #head: Uint8Array = NO_ACTS;
  #next = 0;
  /** Acts follow each other: the head is that of what is on disk, and never of what is on its way. */
  #last: Promise<unknown> = Promise.resolve();
  /** The newest act of the operator, or lifted ban, by the folded name it concerns; those of nobody alone under `''`. */
  readonly #operated = new Map<string, number>();

  private constructor(log: Log, authority: Authority) {
    this.#log = log;
    this.#authority = authority;
  }

  static async open(store: Store, authority: Authority): Promise<Ledger> {
    const ledger = new Ledger(store.logs('ledger').log('acts'), authority);
    await ledger.#follow();
    return ledger;
  }

  get head(): Uint8Array {
    return this.#head;
  }

  /** Acts on disk. */
  get size(): number {
    return this.#next;
  }

  /**
   * Judges the act and puts it on disk.
   * @returns its number, from 1
   * @throws Failure denied 'head-moved', 'not-permitted', 'role-…', 'member-outranks'
   */
  append(act: Act, encoded: Uint8Array): Promise<number> {
    return this.#inOrder(() => this.#append(act, encoded));
  }

  #inOrder(work: () => Promise<number>): Promise<number> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** Acts from number `from` on, counted from 0. */
  async *acts(from: number): AsyncGenerator<{ number: number; act: Act | undefined; encoded: Uint8Array }> {
    for await (const { position, value } of this.#log.read({ from })) {
      const { act: encoded, operator } = storedActCodec.decode(value);
      // What the operator does is done before it is written here.
      const act = operator ? undefined : readAct(encoded, this.#authority.trust);
      yield { number: position + 1, act, encoded };
    }
  }

  async #append(act: Act, encoded: Uint8Array): Promise<number> {
    if (!sameBytes(act.statement.previous, this.#head)) {
      throw new Failure('head-moved');
    }
    judge(act);
    return this.#store({ act: encoded });
  }

  /**
   * An act that the ledger lost when the store was set back: this directory has sealed it, and it follows the head.
   * Others are passed over: they stand there already, or others stand in their place.
   * @returns what the operator had done, where it was his
   * @throws Failure trust 'act-forged'
   */
  async takeBack(given: GivenBack): Promise<{ action: string; user: string } | undefined> {
    const { trust } = this.#authority;
    if (given.act !== undefined) {
      const act = readAct(given.act, trust);
      if (act.statement.group !== undefined) return undefined;
      await this.append(act, given.act).catch((error: unknown) => {
        if (toFailure(error).reason !== 'denied') throw error;
      });
      return undefined;
    }
    if (given.operator === undefined) return undefined;
    const { operator } = given;
    const statement = readOperatorAct(operator, trust);
    let isTaken = false;
    await this.#inOrder(async () => {
      isTaken = sameBytes(statement.previous, this.#head);
      return isTaken ? this.#store({ act: operator, operator: true }) : this.#next;
    });
    const { action } = statement;
    return isTaken ? { action, user: 'user' in statement ? statement.user : '' } : undefined;
  }

  /** Signs what the operator does, and puts it on disk. @returns its number */
  operate(deed: OperatorDeed, at: number): Promise<number> {
    return this.#inOrder(() => {
      const common = { directory: this.#authority.trust.directoryId, previous: this.#head, at };
      const statement = { ...common, ...deed } as OperatorStatement;
      return this.#store({ act: signOperatorAct(this.#authority, statement), operator: true });
    });
  }

  /** The number of the newest act of the operator, or lifted ban, which concerns that person. */
  newestOperated(folded: string, role: Role): number | undefined {
    const numbers = [this.#operated.get(folded), seesAll(role) ? this.#operated.get('') : undefined];
    const known = numbers.filter((number) => number !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Takes in what is on the disk and not known yet. */
  async #follow(): Promise<void> {
    for await (const { value } of this.#log.read({ from: this.#next })) this.#fold(storedActCodec.decode(value));
  }

  /** Whole where the reader is concerned or may see all; else the digest alone, so that the chain can be verified. */
  async read(from: number, limit: number, reader: { folded: string; role: Role }) {
    const acts: { act?: Uint8Array; operator?: Uint8Array; digest: Uint8Array }[] = [];
    for await (const { value } of this.#log.read({ from, limit: limit + 1 })) {
      if (acts.length === limit) return { acts, more: true, head: this.#head };
      const stored = storedActCodec.decode(value);
      const shown = seesAll(reader.role) || this.#concerns(stored, reader.folded);
      const whole = stored.operator ? { operator: stored.act } : { act: stored.act };
      acts.push({ digest: digestOf(stored.act), ...(shown && whole) });
    }
    return { acts, more: false, head: this.#head };
  }

  /** For the operator, from that number on. */
  async *entries(from: number, limit: number): AsyncGenerator<LedgerEntry> {
    const { trust } = this.#authority;
    for await (const { position, value } of this.#log.read({ from: from - 1, limit })) {
      const { act: encoded, operator } = storedActCodec.decode(value);
      const read = operator ? { operator: readOperatorAct(encoded, trust) } : { act: readAct(encoded, trust) };
      yield { number: position + 1, encoded, ...read };
    }
  }

  async #store(stored: Stored): Promise<number> {
    const position = this.#next;
    try {
      await this.#log.append(storedActCodec.encode({ seq: position + 1, ...stored }), { expect: position });
    } catch (error) {
      // Whether it got there is the disk's to say.
      await this.#follow().catch(() => {});
      throw error;
    }
    this.#fold(stored);
    return position + 1;
  }

  #fold({ act, operator }: Stored): void {
    this.#head = chained(this.#head, digestOf(act));
    this.#next++;
    const statement = operator ? readOperatorAct(act, this.#authority.trust) : unbanIn(act);
    if (statement === undefined) return;
    this.#operated.set('user' in statement ? foldName(statement.user) : '', this.#next);
  }

  #concerns({ act, operator }: Stored, folded: string): boolean {
    const { trust } = this.#authority;
    if (operator) return about(readOperatorAct(act, trust), folded);
    const { statement, by } = readAct(act, trust);
    return by.folded === folded || about(statement, folded);
  }
}

/** Whose ban was lifted was told of nothing when it was: they had no session. */
function unbanIn(act: Uint8Array): Statement | undefined {
  const statement = statementCodec.decode(actCodec.decode(act).statement);
  return statement.action === 'unban' ? statement : undefined;
}

const seesAll = (role: Role): boolean => may(role, 'person.ban');

const about = (statement: object, folded: string): boolean =>
  'user' in statement && foldName(String(statement.user)) === folded;

function judge({ statement, seal }: Act): void {
  const { role, targetRole = 'beginner' } = seal;
  if (statement.action === 'role') assertRoleChange(role, targetRole, statement.role);
  else if (statement.action === 'ban' || statement.action === 'unban') assertDirectoryBan(role, targetRole);
  else if (statement.action === 'reset-second-factor') assertReset(role, targetRole);
  else throw new Failure('act-misplaced', 'that is not an act on the directory');
}

/** @throws Failure denied 'not-permitted', 'member-outranks' */
function assertReset(role: Role, targetRole: Role): void {
  if (may(role, 'second-factor.reset') && outranks(role, targetRole)) return;
  const code = may(role, 'second-factor.reset') ? 'member-outranks' : 'not-permitted';
  throw new Failure(code, `your role '${role}' cannot reset the second factor of somebody '${targetRole}'`, {
    hint: "Ask the super-admin of this directory; for the super-admin's own, its operator's console has the same command.",
  });
}
