/** A delivery rate over milliseconds instead of a round trip: what the newest acknowledgements say of what was sent a round trip ago. */

/** Acknowledgements kept: more than come in one span. */
const SLOTS = 64;

export class ShortRate {
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
      const elapsed = Math.max(now - this.#at[slot]!, sentAt - this.#sentAt[slot]!);
      rate = (delivered - this.#delivered[slot]!) / elapsed;
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
