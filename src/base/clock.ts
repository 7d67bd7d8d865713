/** Time as an argument: everything that waits or stamps gets a Clock, so that tests own the time. */

/** Stops a timer; harmless when it has fired already. */
export type Cancel = () => void;

export interface Clock {
  /** Wall clock, milliseconds since 1970. Jumps when the machine's clock is set: never measure a wait with it. */
  now(): number;
  /** Milliseconds from some fixed point; never goes back. For waits, time-outs and back-off. */
  monotonic(): number;
  /**
   * Calls `run` once, `delay` milliseconds from now.
   * @param keep 'process' where somebody waits for it: the process does not end before
   */
  after(delay: number, run: () => void, keep?: 'process'): Cancel;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, run, keep) {
    const timer = setTimeout(run, delay);
    if (keep === undefined) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** RFC 3339, UTC, milliseconds: the form of every time that leaves the process as text. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();
