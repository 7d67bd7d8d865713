/** Upper bounds of the classes in which times are counted, milliseconds. What is longer counts as the last. */
export const LATENCY_BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;

/** How often each time was met, by classes. */
export class Latencies {
  readonly #counts: number[];

  constructor(counts: readonly number[] = []) {
    this.#counts = LATENCY_BOUNDS_MS.map((_bound, index) => counts[index] ?? 0);
  }

  note(ms: number): void {
    const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    this.#counts[index < 0 ? this.#counts.length - 1 : index]!++;
  }

  copy(): Latencies {
    return new Latencies(this.#counts);
  }

  /** What has come since `before`. */
  since(before: Latencies): Latencies {
    return new Latencies(this.#counts.map((count, index) => count - before.#counts[index]!));
  }

  /** The time that the given part of all did not exceed, milliseconds; undefined where there were none. */
  quantile(part: number): number | undefined {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    if (all === 0) return undefined;
    let rest = part * all;
    for (const [index, count] of this.#counts.entries()) {
      const [from, to] = [LATENCY_BOUNDS_MS[index - 1] ?? 0, LATENCY_BOUNDS_MS[index]!];
      if (count >= rest && count > 0) return from + ((to - from) * rest) / count;
      rest -= count;
    }
    return LATENCY_BOUNDS_MS.at(-1);
  }
}
