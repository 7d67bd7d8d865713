import type { Clock } from '../../base/clock.js';
import type { Bucket } from '../limits.js';
import { rateLimited, TokenBuckets } from './token-bucket.js';

/** Who asks for more than there is waits for so long at most; then he is refused, milliseconds. */
const WAIT_MS = 5_000;

/** So much of the directory's time has each caller: an account, or an address where nobody has shown a certificate. */
export class Budgets {
  readonly #clock: Clock;
  readonly #buckets: TokenBuckets;

  constructor(bucket: Bucket, maxKeys: number, clock: Clock) {
    this.#clock = clock;
    this.#buckets = new TokenBuckets(bucket, maxKeys);
  }

  /**
   * Takes the cost of a request, which begins when it is paid.
   * @returns undefined where that is now
   * @throws Failure limit 'rate-limited', with details.seconds
   */
  spend(key: string, cost: number): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    const wait = this.#buckets.owe(key, now, cost);
    if (wait === 0) return undefined;
    if (wait > WAIT_MS) {
      this.#buckets.refund(key, now, cost);
      throw rateLimited('more was asked for than anybody is given', wait - WAIT_MS);
    }
    return new Promise((resolve) => {
      this.#clock.after(wait, resolve);
    });
  }
}
