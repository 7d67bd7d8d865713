import { createHmac } from 'node:crypto';
import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { COOKIE_LIFETIME_MS } from '../../wire/limits.js';

/**
 * Keeps a flood of Initials from costing more than a look at them. Below the threshold every Initial is judged; above it only
 * one that brings back a cookie, which proves that its sender receives where it says it is, and costs no memory here.
 */

const FREE_PER_SECOND = 100;
const RETRIES_PER_SECOND = 2_000;

export type Verdict = 'judge' | 'retry' | 'drop';

export class CookieGate {
  readonly #secret: Uint8Array;
  readonly #free: number;
  #windowStart = 0;
  #seen = 0;
  #retried = 0;

  /** @param free what is judged without a cookie, a second */
  constructor(random: Random, free = FREE_PER_SECOND) {
    this.#secret = random.bytes(32);
    this.#free = free;
  }

  /** @param cookie as the Initial brought it */
  judge(cookie: Uint8Array | null, address: string, now: number): Verdict {
    if (now - this.#windowStart >= 1_000) {
      this.#windowStart = now;
      this.#seen = 0;
      this.#retried = 0;
    }
    if (++this.#seen <= this.#free) return 'judge';
    if (cookie !== null) return this.#holds(cookie, address, now) ? 'judge' : 'drop';
    return this.#retried++ < RETRIES_PER_SECOND ? 'retry' : 'drop';
  }

  cookie(address: string, now: number): Uint8Array {
    return this.#cookieOf(address, Math.floor(now / COOKIE_LIFETIME_MS));
  }

  #holds(cookie: Uint8Array, address: string, now: number): boolean {
    const period = Math.floor(now / COOKIE_LIFETIME_MS);
    return [period, period - 1].some((at) => sameBytes(cookie, this.#cookieOf(address, at)));
  }

  #cookieOf(address: string, period: number): Uint8Array {
    return createHmac('sha256', this.#secret).update(`${period} ${address}`).digest();
  }
}
