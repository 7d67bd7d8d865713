/** So many are under way at once: a store makes one flush of what is written together. */
const AT_ONCE = 32;

/** Writes whose order among each other doesn't matter. */
export class Writing {
  readonly #under = new Set<Promise<void>>();
  readonly #signal: AbortSignal;
  #failed: { readonly error: unknown } | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Resolves when there is room for another; what an earlier one failed with is thrown. */
  async start(write: () => Promise<unknown>): Promise<void> {
    this.#assertGood();
    const one: Promise<void> = write()
      .then(
        () => {},
        (error: unknown) => {
          this.#failed ??= { error };
        },
      )
      .then(() => void this.#under.delete(one));
    this.#under.add(one);
    if (this.#under.size >= AT_ONCE) await Promise.race(this.#under);
  }

  async done(): Promise<void> {
    await Promise.all(this.#under);
    this.#assertGood();
  }

  #assertGood(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
    this.#signal.throwIfAborted();
  }
}
