import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { chained, digestOf, NO_ACTS, readAct } from '../../crypto/acts.js';
import type { Trust } from '../../crypto/trust.js';
import type { Log, Store } from '../../store/store.js';
import type { Act } from '../../wire/acts.js';
import { assertDirectoryBan } from '../../wire/group-roster.js';
import { foldName } from '../../wire/names.js';
import { assertRoleChange, may, outranks, type Role } from '../../wire/roles.js';
import { storedActCodec } from './rows.js';

/** The acts on the directory itself, in one chain: roles, bans. What follows from them is stored with the accounts. */
export class Ledger {
  readonly #log: Log;
  readonly #trust: Trust;
  #head: Uint8Array = NO_ACTS;
  #next = 0;
  /** Acts follow each other: the head is that of what is on disk, and never of what is on its way. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(log: Log, trust: Trust) {
    this.#log = log;
    this.#trust = trust;
  }

  static async open(store: Store, trust: Trust): Promise<Ledger> {
    const ledger = new Ledger(store.logs('ledger').log('acts'), trust);
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
    const mine = this.#last.then(() => this.#append(act, encoded));
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** Acts from number `from` on, counted from 0. */
  async *acts(from: number): AsyncGenerator<{ number: number; act: Act; encoded: Uint8Array }> {
    for await (const { position, value } of this.#log.read({ from })) {
      const { act } = storedActCodec.decode(value);
      yield { number: position + 1, act: readAct(act, this.#trust), encoded: act };
    }
  }

  async #append(act: Act, encoded: Uint8Array): Promise<number> {
    if (!sameBytes(act.statement.previous, this.#head)) {
      throw new Failure('head-moved');
    }
    judge(act);
    const position = this.#next;
    try {
      await this.#log.append(storedActCodec.encode({ seq: position + 1, act: encoded }), { expect: position });
    } catch (error) {
      // Whether it got there is the disk's to say.
      await this.#follow().catch(() => {});
      throw error;
    }
    this.#fold(encoded);
    return position + 1;
  }

  /** Takes in what is on the disk and not known yet. */
  async #follow(): Promise<void> {
    for await (const { value } of this.#log.read({ from: this.#next })) this.#fold(storedActCodec.decode(value).act);
  }

  /** Whole where the reader is concerned or may see all; else the digest alone, so that the chain can be verified. */
  async read(from: number, limit: number, reader: { folded: string; role: Role }) {
    const acts: { act?: Uint8Array; digest: Uint8Array }[] = [];
    for await (const { value } of this.#log.read({ from, limit: limit + 1 })) {
      if (acts.length === limit) return { acts, more: true, head: this.#head };
      const { act } = storedActCodec.decode(value);
      const shown = may(reader.role, 'person.ban') || concerns(readAct(act, this.#trust), reader.folded);
      acts.push({ digest: digestOf(act), ...(shown && { act }) });
    }
    return { acts, more: false, head: this.#head };
  }

  #fold(encoded: Uint8Array): void {
    this.#head = chained(this.#head, digestOf(encoded));
    this.#next++;
  }
}

const concerns = ({ statement, by }: Act, folded: string): boolean =>
  by.folded === folded || ('user' in statement && foldName(statement.user) === folded);

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
