/** Rounds over which the largest bunch counts. */
const ROUNDS_OF_MEMORY = 10;

/**
 * How much more than the rate promises is acknowledged at once, after pauses: acknowledgements come in bunches where a
 * receiver or a network gathers packets, and without room for a bunch the sender stands still between two (BBR §4.5.7).
 */
export class AckAggregation {
  readonly #rounds: number[] = [0];
  #since = 0;
  #acked = 0;

  get most(): number {
    return Math.max(...this.#rounds);
  }

  update(acked: number, rate: number, now: number): void {
    const expected = rate * (now - this.#since);
    if (this.#acked <= expected) {
      this.#since = now;
      this.#acked = acked;
      this.#note(acked);
      return;
    }
    this.#acked += acked;
    this.#note(this.#acked - expected);
  }

  #note(extra: number): void {
    const last = this.#rounds.length - 1;
    this.#rounds[last] = Math.max(this.#rounds[last]!, extra);
  }

  endRound(): void {
    this.#rounds.push(0);
    if (this.#rounds.length > ROUNDS_OF_MEMORY) this.#rounds.shift();
  }
}
