import type { LocalStore, Step } from '../../store/local.js';

/**
 * What one event changes: its rows are one write, and what follows from them happens once that is on disk. Whoever takes
 * part adds to it; whoever began it commits.
 */
export class Transaction {
  readonly #steps: Step[] = [];
  readonly #effects: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#steps.length === 0 && this.#effects.length === 0;
  }

  /** Rows to put and to delete, in this order. */
  add(...steps: readonly Step[]): void {
    this.#steps.push(...steps);
  }

  /** What is told or begun once the rows are on disk, in the order in which it was asked for. */
  afterCommit(effect: () => void): void {
    this.#effects.push(effect);
  }

  /** Begins the write at once; what is added later is not part of it. @throws Failure storage; then nothing follows */
  async commit(disk: Pick<LocalStore, 'write'>): Promise<void> {
    await disk.write(this.#steps.splice(0));
    for (const effect of this.#effects.splice(0)) effect();
  }
}
