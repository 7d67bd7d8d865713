/** Spreads packets over time: a token bucket, in bytes and milliseconds. */

/** What may be sent at once after a pause: timers are no finer than about a millisecond, and may be late. */
const BURST_MS = 3;
/** Waiting for this much makes batches worth their system call without adding delay that matters. */
const QUANTUM_MS = 1;
const MOST_QUANTUM_BYTES = 256 << 10;

export class Pacer {
  #tokens = 0;
  #at: number;
  #blockedUntil = 0;

  /** @param delay milliseconds between bursts, where a person asked for it */
  constructor(
    readonly delay: number,
    now: number,
  ) {
    this.#at = now;
  }

  /** Bytes that may be sent now. */
  budget(rate: number, datagram: number, now: number): number {
    if (now < this.#blockedUntil) return 0;
    if (rate === Number.POSITIVE_INFINITY) return rate;
    const burst = Math.max(rate * BURST_MS, 2 * datagram);
    this.#tokens = Math.min(burst, this.#tokens + rate * Math.max(0, now - this.#at));
    this.#at = now;
    return this.#tokens >= this.#quantum(rate, datagram) - 1 ? this.#tokens : 0;
  }

  spend(bytes: number, now: number): void {
    this.#tokens -= bytes;
    if (this.delay > 0) this.#blockedUntil = now + this.delay;
  }

  /** When `budget` will allow something. */
  nextAt(rate: number, datagram: number, now: number): number {
    const missing = this.#quantum(rate, datagram) - this.#tokens;
    const refilled = missing > 0 && rate < Number.POSITIVE_INFINITY ? this.#at + missing / rate : now;
    return Math.max(refilled, this.#blockedUntil);
  }

  #quantum(rate: number, datagram: number): number {
    return Math.max(Math.min(rate * QUANTUM_MS, MOST_QUANTUM_BYTES), datagram);
  }
}
