import type { Clock } from '../../base/clock.js';

/** How long the end of a program waits for them: they are kept, and leave with the next one otherwise. */
const MOST_MS = 3_000;

/** What the other side learns by a message alone, said in the last moment of a program perhaps. */
export class LastWords {
  readonly #clock: Clock;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param reached resolves when they have reached a device or a mailbox */
  add(reached: Promise<unknown>): void {
    const one: Promise<unknown> = reached.catch(() => {}).finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async close(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(MOST_MS, resolve, 'process');
      void Promise.all(this.#underWay).then(() => {
        cancel();
        resolve();
      });
    });
  }
}
