import { type Random, randomBelow } from '../../base/random.js';

const FIRST_MS = 200;
const MOST_MS = 8_000;

/**
 * How long to wait before the next try: doubling with full jitter, so that the many peers of a directory that comes
 * back don't all knock at once.
 */
export class Backoff {
  readonly #random: Random;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds; called once for each failed try. */
  next(): number {
    const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(this.#failures++, 16));
    return ceiling / 2 + randomBelow(this.#random, ceiling / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
