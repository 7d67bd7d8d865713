import type { Cancel, Clock } from '../../src/base/clock.js';
import type { Random } from '../../src/base/random.js';
import { seededRandom } from '../support/random.js';
import type { VirtualTime } from './time.js';

/** One run of a program on a machine of the town. When it is killed nothing of it goes on. */
export class Machine implements Clock {
  readonly host: string;
  readonly random: Random;
  readonly #time: VirtualTime;
  readonly #dying = new Set<() => void>();
  #alive = true;

  constructor(host: string, time: VirtualTime, seed: string) {
    this.host = host;
    this.#time = time;
    this.random = seededRandom(seed);
  }

  get alive(): boolean {
    return this.#alive;
  }

  now(): number {
    return this.#time.now();
  }

  monotonic(): number {
    return this.#time.monotonic();
  }

  after(delay: number, run: () => void): Cancel {
    return this.#time.after(delay, () => {
      if (this.#alive) run();
    });
  }

  /** @returns no longer does it */
  whenKilled(step: () => void): Cancel {
    this.#dying.add(step);
    return () => this.#dying.delete(step);
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const step of this.#dying) step();
    this.#dying.clear();
  }
}
