import { base64url, hex, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { sha256 } from '../../crypto/hash.js';
import { INVITATION_TAKERS } from '../limits.js';
import type { Tables } from '../rows.js';

const TOKEN_BYTES = 16;

/** 22 characters of base64url behind a letter, so that a shell never takes one for an option. */
export const newToken = (random: Random): string => `i${base64url(random.bytes(TOKEN_BYTES))}`;

const keyOf = (token: string): string => hex(sha256(utf8(token)));

export interface NewInvitation {
  readonly uses: number;
  readonly lifetimeMs: number;
  /** Who made it: a folded name, or the console. */
  readonly by: string;
}

/** Tokens that admit so many registrations until they expire. Only their hashes are stored. */
export class Invitations {
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(tables: Tables, clock: Clock, random: Random) {
    this.#tables = tables;
    this.#clock = clock;
    this.#random = random;
  }

  async create({ uses, lifetimeMs, by }: NewInvitation): Promise<{ token: string; expiresAt: number }> {
    const token = newToken(this.#random);
    const createdAt = this.#clock.now();
    const expiresAt = createdAt + lifetimeMs;
    await this.#tables.invitations.put(keyOf(token), { left: uses, expiresAt, createdAt, by });
    return { token, expiresAt };
  }

  /**
   * Takes one use before the account is made, for its name: who was broken off in between takes no other.
   * @returns whether it was taken now
   * @throws Failure denied 'invite-invalid', 'invite-used', 'invite-expired'
   */
  async take(token: string, folded: string): Promise<boolean> {
    let fresh = true;
    await this.#tables.invitations.update(keyOf(token), (row) => {
      if (row === undefined) throw new Failure('invite-invalid');
      fresh = !row.takers?.includes(folded);
      if (!fresh) return undefined;
      if (row.left === 0) throw new Failure('invite-used');
      if (row.expiresAt <= this.#clock.now()) throw new Failure('invite-expired');
      return { ...row, left: row.left - 1, takers: [...(row.takers ?? []), folded].slice(-INVITATION_TAKERS) };
    });
    return fresh;
  }

  /** Whether it still admits somebody. */
  async isOpen(token: string): Promise<boolean> {
    const row = await this.#tables.invitations.get(keyOf(token));
    return row !== undefined && row.left > 0 && row.expiresAt > this.#clock.now();
  }

  async withdraw(token: string): Promise<void> {
    await this.#tables.invitations.delete(keyOf(token));
  }

  /** Nothing came of it. */
  async giveBack(token: string, folded: string): Promise<void> {
    await this.#tables.invitations.update(keyOf(token), (row) =>
      row?.takers?.includes(folded)
        ? {
            ...row,
            left: row.left + 1,
            takers: row.takers.filter((taker) => taker !== folded),
          }
        : undefined,
    );
  }
}
