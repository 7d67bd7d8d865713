import { Failure } from '../../base/errors.js';
import { BLOCK_AFTER_FAILURES, BLOCK_MAX_MS, BLOCK_MS } from '../../wire/limits.js';
import { type Bucket, GUARDED_NAMES, GUESSES_IN_A_ROW, LIMITED_KEYS } from '../limits.js';
import { TokenBuckets } from './token-bucket.js';

export interface LoginGuardInit {
  /** Failures in a row that block a name; and for how long the first time, milliseconds. */
  readonly blockAfter?: number;
  readonly blockMs?: number;
  readonly perAddress: Bucket;
  readonly maxNames?: number;
}

/** Who tries: the folded name, the address (addressKey), and the device where a valid certificate has shown it. */
export interface LoginAttempt {
  readonly folded: string;
  readonly address: string;
  readonly device?: string;
}

/** A failure that was charged in advance. */
export interface LoginCharge extends LoginAttempt {
  readonly at: number;
  /** A device's: it was the one that blocked the name for strangers. */
  readonly blocked?: boolean;
}

interface Standing {
  failures: number;
  /** Blocks without a success between; each is twice as long as the one before. */
  blocks: number;
  /** Monotonic. */
  blockedUntil: number;
  lastAt: number;
}

/** A name without failures for this long starts afresh. */
const FORGET_AFTER_MS = 4 * BLOCK_MAX_MS;

/** Of a code both may be the cause: they count together. */
type Tried = 'passwords' | 'codes or passwords';

/**
 * Judges who may try a password. A failure is charged when a login starts and refunded when it ends well, so that
 * breaking off costs as much as a wrong guess. All times are monotonic milliseconds: setting the clock shortens no block.
 *
 * A stranger's failures block the name, known or not, for strangers from everywhere. A device with a certificate has a
 * standing of its own: its failures count for the name too, but the name's block is not its own.
 */
export class LoginGuard {
  readonly #blockAfter: number;
  readonly #blockMs: number;
  readonly #maxNames: number;
  readonly #standings = new Map<string, Standing>();
  readonly #addresses: TokenBuckets;
  readonly #guesses: TokenBuckets;

  constructor(init: LoginGuardInit) {
    this.#blockAfter = init.blockAfter ?? BLOCK_AFTER_FAILURES;
    this.#blockMs = init.blockMs ?? BLOCK_MS;
    this.#maxNames = init.maxNames ?? GUARDED_NAMES;
    this.#addresses = new TokenBuckets(init.perAddress, LIMITED_KEYS);
    this.#guesses = new TokenBuckets({ burst: GUESSES_IN_A_ROW, perSecond: 1000 / BLOCK_MAX_MS }, this.#maxNames);
  }

  /** Names and devices with failures that are remembered. */
  get size(): number {
    return this.#standings.size;
  }

  /**
   * Charges one failure.
   * @param tried what was wrong, if the name is blocked: told to nobody who has not shown the password
   * @throws Failure blocked 'name-blocked', limit 'too-many-logins'; both with details.seconds
   */
  start(attempt: LoginAttempt, now: number, tried: Tried = 'passwords'): LoginCharge {
    const own = standingKey(attempt);
    const blockedFor = (this.#standings.get(own)?.blockedUntil ?? now) - now;
    if (blockedFor > 0) throw nameBlocked(blockedFor, tried);
    const known = attempt.device !== undefined;
    const throttled = this.#addresses.take(attempt.address, now);
    if (throttled > 0 && !known) throw tooManyLogins(throttled);
    const budget = known ? 0 : this.#guesses.take(attempt.folded, now);
    if (budget > 0) throw nameBlocked(budget, tried);
    this.#fail(own, now);
    const blocked = known && this.#fail(nameKey(attempt.folded), now);
    return { ...attempt, at: now, blocked };
  }

  /** The password was right: what was charged is given back, and failures before it are forgotten. */
  succeed(charge: LoginCharge, now: number): void {
    this.#addresses.refund(charge.address, now);
    this.#standings.delete(standingKey(charge));
    if (charge.device === undefined) this.#guesses.refund(charge.folded, now, GUESSES_IN_A_ROW);
    else this.#refund(charge, now);
  }

  /**
   * For a proof that nobody can guess: it costs the address, and neither blocks the name nor is kept out by its block.
   * @throws Failure limit 'too-many-logins'
   */
  admit(address: string, now: number): void {
    const throttled = this.#addresses.take(address, now);
    if (throttled > 0) throw tooManyLogins(throttled);
  }

  /** The proof was good: its cost is given back, and whatever blocked the name before is forgotten. */
  proven(folded: string, address: string, now: number): void {
    this.#addresses.refund(address, now);
    this.forget(folded, now);
  }

  /** Lifts a name's block, on the word of the operator or of the account's identity. */
  forget(folded: string, now: number): void {
    this.#standings.delete(nameKey(folded));
    this.#guesses.refund(folded, now, GUESSES_IN_A_ROW);
  }

  /** @returns whether it blocks */
  #fail(key: string, now: number): boolean {
    const standing = this.#standing(key, now);
    standing.lastAt = now;
    standing.failures++;
    if (standing.failures < this.#blockAfter) return false;
    standing.blockedUntil = now + Math.min(BLOCK_MAX_MS, this.#blockMs * 2 ** standing.blocks);
    standing.blocks = Math.min(standing.blocks + 1, 40);
    standing.failures = 0;
    return true;
  }

  /** Takes back a known device's share in its name's failures, not those of others. */
  #refund({ folded, blocked }: LoginCharge, now: number): void {
    const standing = this.#standings.get(nameKey(folded));
    if (standing === undefined) return;
    if (blocked && standing.blockedUntil > now) {
      standing.blockedUntil = now;
      standing.blocks--;
      standing.failures = this.#blockAfter - 1;
    } else if (standing.failures > 0) standing.failures--;
  }

  #standing(key: string, now: number): Standing {
    const known = this.#standings.get(key);
    if (known !== undefined && now - Math.max(known.lastAt, known.blockedUntil) < FORGET_AFTER_MS) return known;
    if (known === undefined && this.#standings.size >= this.#maxNames) this.#shed(now);
    const fresh = { failures: 0, blocks: 0, blockedUntil: now, lastAt: now };
    this.#standings.set(key, fresh);
    return fresh;
  }

  /** Makes room: the least blocked go first, so that a flood of names frees nobody who is blocked. */
  #shed(now: number): void {
    const weight = ({ blocks, failures, blockedUntil, lastAt }: Standing): number =>
      now - Math.max(lastAt, blockedUntil) >= FORGET_AFTER_MS ? -1 : blocks * 1000 + failures;
    const entries = [...this.#standings].map(([key, standing]) => ({ key, weight: weight(standing), standing }));
    entries.sort((a, b) => a.weight - b.weight || a.standing.lastAt - b.standing.lastAt);
    const room = Math.ceil(this.#maxNames / 10);
    for (const { key } of entries.slice(0, room)) this.#standings.delete(key);
  }
}

const nameKey = (folded: string): string => `@${folded}`;
const standingKey = ({ folded, device }: LoginAttempt): string =>
  device === undefined ? nameKey(folded) : `${device}@${folded}`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);

const nameBlocked = (ms: number, tried: Tried): Failure =>
  new Failure('name-blocked', `too many wrong ${tried}: this user name is blocked for ${seconds(ms)} s`, {
    hint: `Try again in ${seconds(ms)} s. Other user names can log in meanwhile.`,
    details: { seconds: seconds(ms) },
  });

const tooManyLogins = (ms: number): Failure =>
  new Failure('too-many-logins', `too many logins from this address: wait ${seconds(ms)} s`, {
    hint: `Try again in ${seconds(ms)} s.`,
    details: { seconds: seconds(ms) },
  });
