import type { Cancel, Clock } from '../../base/clock.js';

/** Milliseconds between two pictures while things arrive: a burst of events costs one picture a frame. */
const FRAME = 33;

/** When to paint: never twice for the same reason, and not at all while nothing happens. */
export class Frames {
  readonly #clock: Clock;
  readonly #paint: () => void;
  #waiting: Cancel | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, paint: () => void) {
    this.#clock = clock;
    this.#paint = paint;
  }

  /** For what arrives: within a frame. */
  soon(): void {
    if (this.#closed || this.#waiting !== undefined) return;
    const wait = Math.max(0, this.#last + FRAME - this.#clock.monotonic());
    this.#waiting = this.#clock.after(wait, () => this.now());
  }

  /** For what a person did: as soon as the input that is there has been taken in. */
  promptly(): void {
    if (this.#closed) return;
    this.#immediate ??= setImmediate(() => this.now());
  }

  now(): void {
    if (this.#closed) return;
    this.#drop();
    this.#last = this.#clock.monotonic();
    this.#paint();
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    this.#waiting?.();
    this.#waiting = undefined;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
