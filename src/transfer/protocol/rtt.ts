/** Round-trip estimation as RFC 9002 §5 has it. Milliseconds. */
export class Rtt {
  #latest = 0;
  #smoothed: number;
  #variance: number;
  #min = Number.POSITIVE_INFINITY;
  #minAt = 0;
  #sampled = false;

  /** @param first what to assume before the first sample */
  constructor(first: number) {
    this.#smoothed = first;
    this.#variance = first / 2;
  }

  get latest(): number {
    return this.#latest;
  }

  get smoothed(): number {
    return this.#smoothed;
  }

  get variance(): number {
    return this.#variance;
  }

  /** Lowest of the last ten seconds, roughly; the first guess before any sample. */
  get min(): number {
    return this.#sampled ? this.#min : this.#smoothed;
  }

  get sampled(): boolean {
    return this.#sampled;
  }

  /** @param delay how long the other side held the acknowledgement back */
  sample(rtt: number, delay: number, now: number): void {
    this.#latest = rtt;
    if (rtt <= this.#min || now - this.#minAt > MIN_WINDOW_MS) {
      this.#min = rtt;
      this.#minAt = now;
    }
    const adjusted = rtt - delay >= this.#min ? rtt - delay : rtt;
    if (!this.#sampled) {
      this.#sampled = true;
      this.#smoothed = adjusted;
      this.#variance = adjusted / 2;
      return;
    }
    this.#variance += (Math.abs(this.#smoothed - adjusted) - this.#variance) / 4;
    this.#smoothed += (adjusted - this.#smoothed) / 8;
  }

  /** Time after which a packet without any answer is asked for again, before back-off. */
  probeTimeout(ackDelay: number): number {
    return this.#smoothed + Math.max(4 * this.#variance, GRANULARITY_MS) + ackDelay;
  }

  /** Another path: nothing learned holds. */
  reset(): void {
    this.#sampled = false;
    this.#min = Number.POSITIVE_INFINITY;
  }
}

const MIN_WINDOW_MS = 10_000;
/** No timer is finer than this. */
export const GRANULARITY_MS = 1;
