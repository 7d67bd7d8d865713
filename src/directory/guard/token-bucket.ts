import { Failure } from '../../base/errors.js';
import type { Bucket } from '../limits.js';

/** One bucket: `burst` at once, `perSecond` on average. Times are monotonic milliseconds. */
export class TokenBucket {
  readonly #bucket: Bucket;
  #tokens: number;
  #at = 0;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
    this.#tokens = bucket.burst;
  }

  /**
   * Takes `cost` tokens if they are there. What costs more than a bucket holds takes a full one, and leaves a debt.
   * @returns milliseconds until they will be; 0 where they have been taken
   */
  take(now: number, cost = 1): number {
    const needed = Math.min(cost, this.#bucket.burst);
    const tokens = this.level(now);
    if (tokens < needed) return Math.ceil(((needed - tokens) / this.#bucket.perSecond) * 1000);
    this.#tokens = tokens - cost;
    this.#at = now;
    return 0;
  }

  /**
   * Takes what was had already, there or not.
   * @returns milliseconds until the debt is paid
   */
  owe(now: number, cost: number): number {
    this.#tokens = this.level(now) - cost;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#bucket.perSecond) * 1000);
  }

  give(now: number, cost: number): void {
    this.#tokens = Math.min(this.#bucket.burst, this.level(now) + cost);
    this.#at = now;
  }

  /** Tokens that are there. */
  level(now: number): number {
    return Math.min(this.#bucket.burst, this.#tokens + ((now - this.#at) / 1000) * this.#bucket.perSecond);
  }
}

/** Token buckets by key. One that is full again is forgotten; of too many keys the fullest go first. */
export class TokenBuckets {
  readonly #bucket: Bucket;
  readonly #maxKeys: number;
  readonly #levels = new Map<string, TokenBucket>();

  constructor(bucket: Bucket, maxKeys: number) {
    this.#bucket = bucket;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#levels.size;
  }

  /** As TokenBucket's. */
  take(key: string, now: number, cost = 1): number {
    return this.#level(key, now).take(now, cost);
  }

  /** As TokenBucket's. */
  owe(key: string, now: number, cost: number): number {
    return this.#level(key, now).owe(now, cost);
  }

  /** Gives back what turned out not to count. */
  refund(key: string, now: number, cost = 1): void {
    const level = this.#levels.get(key);
    level?.give(now, cost);
    if (level !== undefined && level.level(now) >= this.#bucket.burst) this.#levels.delete(key);
  }

  #level(key: string, now: number): TokenBucket {
    const known = this.#levels.get(key);
    if (known !== undefined) return known;
    if (this.#levels.size >= this.#maxKeys) this.#shed(now);
    const fresh = new TokenBucket(this.#bucket);
    this.#levels.set(key, fresh);
    return fresh;
  }

  /** Forgets the tenth part which has most left, so that nobody empties a bucket and has it forgotten by a flood. */
  #shed(now: number): void {
    const byTokens = [...this.#levels].map(([key, level]) => ({ key, tokens: level.level(now) }));
    byTokens.sort((a, b) => b.tokens - a.tokens);
    for (const { key } of byTokens.slice(0, Math.ceil(this.#maxKeys / 10))) this.#levels.delete(key);
  }
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

export const rateLimited = (what: string, waitMs: number): Failure =>
  new Failure('rate-limited', `${what}: wait ${seconds(waitMs)} s`, {
    hint: `Go on in ${seconds(waitMs)} s.`,
    details: { seconds: waitMs / 1000 },
  });
