import { Failure } from '../../base/errors.js';
import type { Bucket } from '../limits.js';

interface Level {
  tokens: number;
  /** Monotonic. */
  at: number;
}

/**
 * Token buckets by key: each key may take `burst` at once and `perSecond` on average. Times are monotonic, in
 * milliseconds, and passed in. A bucket that is full again is forgotten; of too many keys the fullest go first.
 */
export class Buckets {
  readonly #bucket: Bucket;
  readonly #maxKeys: number;
  readonly #levels = new Map<string, Level>();

  constructor(bucket: Bucket, maxKeys: number) {
    this.#bucket = bucket;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#levels.size;
  }

  /**
   * Takes `cost` tokens if they are there. What costs more than a bucket holds takes a full one, and leaves a debt.
   * @returns milliseconds until they will be; 0 where they have been taken
   */
  take(key: string, now: number, cost = 1): number {
    const level = this.#level(key, now);
    const needed = Math.min(cost, this.#bucket.burst);
    if (level.tokens < needed) return Math.ceil(((needed - level.tokens) / this.#bucket.perSecond) * 1000);
    level.tokens -= cost;
    return 0;
  }

  /** Gives back what turned out not to count. */
  refund(key: string, now: number, cost = 1): void {
    const level = this.#levels.get(key);
    if (level === undefined) return;
    level.tokens = Math.min(this.#bucket.burst, this.#refilled(level, now) + cost);
    level.at = now;
    if (level.tokens >= this.#bucket.burst) this.#levels.delete(key);
  }

  #level(key: string, now: number): Level {
    const known = this.#levels.get(key);
    if (known !== undefined) {
      known.tokens = this.#refilled(known, now);
      known.at = now;
      return known;
    }
    if (this.#levels.size >= this.#maxKeys) this.#shed(now);
    const fresh = { tokens: this.#bucket.burst, at: now };
    this.#levels.set(key, fresh);
    return fresh;
  }

  #refilled({ tokens, at }: Level, now: number): number {
    return Math.min(this.#bucket.burst, tokens + ((now - at) / 1000) * this.#bucket.perSecond);
  }

  /** Forgets the tenth part which has most left, so that nobody empties a bucket and has it forgotten by a flood. */
  #shed(now: number): void {
    const byTokens = [...this.#levels].map(([key, level]) => ({ key, tokens: this.#refilled(level, now) }));
    byTokens.sort((a, b) => b.tokens - a.tokens);
    for (const { key } of byTokens.slice(0, Math.ceil(this.#maxKeys / 10))) this.#levels.delete(key);
  }
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

export const rateLimited = (what: string, waitMs: number): Failure =>
  new Failure('limit', 'rate-limited', `${what}: wait ${seconds(waitMs)} s`, {
    hint: `Go on in ${seconds(waitMs)} s.`,
    details: { seconds: waitMs / 1000 },
  });
