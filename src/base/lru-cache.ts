/** What was worked out and may be asked for again: so many results, and beyond them the one unused for longest is forgotten. */
export class LruCache<K, V> {
  readonly #results = new Map<K, V>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#results.size;
  }

  get(key: K): V | undefined {
    const result = this.#results.get(key);
    if (result === undefined) return undefined;
    this.#results.delete(key);
    this.#results.set(key, result);
    return result;
  }

  /** Without counting as a use. */
  has(key: K): boolean {
    return this.#results.has(key);
  }

  set(key: K, result: V): void {
    this.#results.delete(key);
    if (this.#results.size >= this.#limit) this.#results.delete(this.#results.keys().next().value!);
    this.#results.set(key, result);
  }

  delete(key: K): void {
    this.#results.delete(key);
  }

  /** The result, made now if it isn't known; what `make` throws is not remembered. */
  need(key: K, make: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.set(key, made);
    return made;
  }
}
