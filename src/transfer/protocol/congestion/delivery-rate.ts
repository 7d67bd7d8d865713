/** A delivery rate over milliseconds instead of a round trip: what the newest acknowledgements say of what was sent a round trip ago. */

/** Acknowledgements kept: more than come in one span. */
const SLOTS = 64;
/** Acknowledged in so much less time than it was sent in: something was held up, and catches up at a speed of its own. */
const COMPRESSED = 1.25;

export class DeliveryRate {
  readonly #at = new Float64Array(SLOTS);
  readonly #sentAt = new Float64Array(SLOTS);
  readonly #delivered = new Float64Array(SLOTS);
  #count = 0;
  #oldest = 0;

  /**
   * Notes an acknowledgement. Delivery cannot be faster than sending was, so acknowledgements that were held up and come
   * together promise nothing.
   * @param span milliseconds to measure over, at least
   * @returns bytes/ms; 0 where not enough is known
   */
  update(now: number, sentAt: number, delivered: number, span: number): number {
    let rate = 0;
    while (this.#oldest < this.#count && now - this.#at[this.#oldest % SLOTS]! >= span) {
      const slot = this.#oldest % SLOTS;
      const acked = now - this.#at[slot]!;
      const sent = sentAt - this.#sentAt[slot]!;
      rate = sent > acked * COMPRESSED ? 0 : (delivered - this.#delivered[slot]!) / Math.max(acked, sent);
      if (this.#oldest + 1 === this.#count || now - this.#at[(this.#oldest + 1) % SLOTS]! < span) break;
      this.#oldest++;
    }
    if (this.#count - this.#oldest === SLOTS) this.#oldest++;
    const slot = this.#count++ % SLOTS;
    this.#at[slot] = now;
    this.#sentAt[slot] = sentAt;
    this.#delivered[slot] = delivered;
    return rate;
  }

  clear(): void {
    this.#count = 0;
    this.#oldest = 0;
  }
}

/** A program takes datagrams in, and acknowledges them, no more finely than this. */
const GRAIN_MS = 1;

/**
 * What the first window's acknowledgements spread to: it left as one train, so the narrowest hop stretched it. Counts a grain of
 * time too many, so that the few acknowledgements there are promise too little rather than too much.
 */
export class Spread {
  #at = -1;
  #sentAt = 0;
  #delivered = 0;
  /** The last that was found, bytes/ms. */
  rate = 0;

  /** @returns bytes/ms; 0 with the first */
  update(now: number, sentAt: number, delivered: number): number {
    if (this.#at < 0) {
      this.#at = now;
      this.#sentAt = sentAt;
      this.#delivered = delivered;
    }
    const elapsed = Math.max(now - this.#at, sentAt - this.#sentAt);
    this.rate = (delivered - this.#delivered) / (elapsed + GRAIN_MS);
    return this.rate;
  }
}
