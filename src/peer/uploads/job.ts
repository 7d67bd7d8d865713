import type { Clock } from '../../base/clock.js';
import type { Failure } from '../../base/errors.js';
import type { UploadEvent } from '../api/events.js';

/** Progress is told at most so often. */
const TELL_EVERY_MS = 200;

/** One upload or download under way: what is told of it, and how it ends. */
export class Job {
  readonly abort = new AbortController();
  /** Resolves with its last event. */
  readonly finished: Promise<UploadEvent>;
  readonly direction: 'up' | 'down';
  /** It waits for nothing: not for its turn, nor for the directory. */
  running = false;
  event: UploadEvent;
  readonly #clock: Clock;
  readonly #emit: (event: UploadEvent) => void;
  #toldAt = Number.NEGATIVE_INFINITY;
  #settle!: { resolve(event: UploadEvent): void; reject(why: Failure): void };

  constructor(event: UploadEvent, means: { readonly clock: Clock; emit(event: UploadEvent): void }) {
    this.event = event;
    this.direction = event.state === 'uploading' ? 'up' : 'down';
    this.#clock = means.clock;
    this.#emit = (told) => means.emit(told);
    this.finished = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever waits hears of it; nobody has to.
    this.finished.catch(() => {});
  }

  progress(bytes: number): void {
    this.event = { ...this.event, bytes };
    const now = this.#clock.monotonic();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.#emit(this.event);
  }

  done(change: Partial<UploadEvent>): void {
    this.event = { ...this.event, bytes: this.event.size, ...change };
    this.#emit(this.event);
    this.#settle.resolve(this.event);
  }

  failed(why: Failure): UploadEvent {
    const { code, message, hint } = why;
    this.event = { ...this.event, state: 'failed', error: { code, message, hint } };
    this.#emit(this.event);
    this.#settle.reject(why);
    return this.event;
  }
}
