import type { Failure } from '../../base/errors.js';

export type Op =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

interface Waiting {
  readonly ops: readonly Op[];
  readonly bytes: number;
  resolve(): void;
  reject(error: Failure): void;
}

/** What one flush takes at most, so that a large write delays a small one by little. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Group commit: what arrives while one batch is on its way to the disk goes into the next, in order. After the first
 * error nothing is written any more: everything waiting and everything later fails with what `explain` made of it.
 */
export class GroupCommit {
  readonly #flush: (ops: readonly Op[]) => Promise<void>;
  readonly #explain: (error: unknown) => Failure;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failure: Failure | undefined;

  /** @param flush resolves when the batch is on the disk */
  constructor(flush: (ops: readonly Op[]) => Promise<void>, explain: (error: unknown) => Failure) {
    this.#flush = flush;
    this.#explain = explain;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Resolves when the operations are on the disk: all of them together, after those added before. */
  add(ops: readonly Op[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ops, bytes: sizeOf(ops), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes what is waiting; everything later fails with `failure`. */
  async stop(failure: Failure): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#failure ??= failure;
  }

  /** Fails everything that is not on its way to the disk yet, and everything later. */
  fail(failure: Failure): void {
    this.#reject([], failure);
  }

  async #run(): Promise<void> {
    await null; // what is issued in the same turn shares the first flush
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const batch = this.#take();
      try {
        await this.#flush(batch.flatMap((waiting) => waiting.ops));
        for (const waiting of batch) waiting.resolve();
      } catch (error) {
        this.#reject(batch, this.#explain(error));
      }
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]!.bytes;
      if (count > 0 && bytes > BATCH_BYTES) break;
    }
    return this.#waiting.splice(0, count);
  }

  #reject(batch: readonly Waiting[], failure: Failure): void {
    this.#failure ??= failure;
    for (const waiting of [...batch, ...this.#waiting.splice(0)]) waiting.reject(this.#failure);
  }
}

const sizeOf = (ops: readonly Op[]): number =>
  ops.reduce((sum, op) => sum + op.key.length + (op.type === 'put' ? op.value.length : 0), 0);
