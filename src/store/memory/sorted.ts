/** A map that lists its keys in order; sorts only when asked after a key came or went. */
export class SortedMap<T> {
  readonly #values = new Map<string, T>();
  #sorted: string[] | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    if (!this.#values.has(key)) this.#sorted = undefined;
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#sorted = undefined;
  }

  /** A copy of what is from `from` (inclusive) to `to` (exclusive). */
  range(from: string, to: string): [string, T][] {
    this.#sorted ??= [...this.#values.keys()].sort((a, b) => (a < b ? -1 : 1));
    return this.#sorted.filter((key) => key >= from && key < to).map((key) => [key, this.#values.get(key)!]);
  }
}
