import { type Cancel, type Clock, systemClock } from '../../src/base/clock.js';

interface Timer {
  /** On this clock's monotonic time. */
  readonly at: number;
  readonly run: () => void;
  cancel: Cancel;
}

/** The system's clock, which a test can move: time that passes at once, or a wall clock that somebody sets. */
export class WarpClock implements Clock {
  #passed = 0;
  #set = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#passed + this.#set;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#passed;
  }

  after(delay: number, run: () => void): Cancel {
    const timer: Timer = { at: this.monotonic() + delay, run, cancel: () => {} };
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** So much time passes: what was due in it happens, each once. */
  leap(ms: number): void {
    this.#passed += ms;
    for (const timer of this.#timers) {
      timer.cancel();
      this.#arm(timer);
    }
  }

  /** The wall clock alone is set. */
  set(ms: number): void {
    this.#set += ms;
  }

  #arm(timer: Timer): void {
    timer.cancel = systemClock.after(Math.max(0, timer.at - this.monotonic()), () => {
      this.#timers.delete(timer);
      timer.run();
    });
  }
}
