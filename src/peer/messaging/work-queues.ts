import PQueue from 'p-queue';

/** A queue for each conversation: what is done to one has an order, what is done to two has none. */
export class WorkQueues {
  readonly #queues = new Map<string, PQueue>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(key, queue);
    return queue.add(work) as Promise<T>;
  }

  /** Resolves when every queue has come to rest. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.onIdle()));
  }
}
