import type { Clock } from '../../base/clock.js';
import type { Failure } from '../../base/errors.js';
import type { GuestEvent } from '../api/guests.js';

/** Progress is told at most so often. */
const TELL_EVERY_MS = 200;

/** A file or folder on its way to the directory: how far it is, and how it ends. */
export class Laying {
  readonly abort = new AbortController();
  /** Resolves with its last event. */
  readonly ready: Promise<GuestEvent>;
  running = false;
  bytes = 0;
  readonly #clock: Clock;
  #settle!: { resolve(event: GuestEvent): void; reject(why: Failure): void };
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever waits hears of it; nobody has to.
    this.ready.catch(() => {});
  }

  /** @returns whether it is time to tell of it */
  advance(bytes: number): boolean {
    this.bytes = bytes;
    const now = this.#clock.monotonic();
    if (now - this.#toldAt < TELL_EVERY_MS) return false;
    this.#toldAt = now;
    return true;
  }

  done(event: GuestEvent): void {
    this.#settle.resolve(event);
  }

  failed(why: Failure): void {
    this.abort.abort(why);
    this.#settle.reject(why);
  }
}
