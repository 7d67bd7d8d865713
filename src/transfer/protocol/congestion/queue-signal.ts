/** A queue is what lifts the round trip by a quarter and by more than timers jitter. */
const QUEUE_RATIO = 0.25;
const QUEUE_FLOOR_MS = 15;
/** So many round trips in a row have to show it (after HyStart++, RFC 9406 §4.2). */
const QUEUE_SAMPLES = 8;
/** And for so much of a round trip: what a program's pause has held up comes at once. */
const QUEUE_LASTS = 0.4;
const QUEUE_LASTS_MS = 40;

export const isQueue = (rtt: number, minRtt: number): boolean =>
  rtt - minRtt > Math.max(minRtt * QUEUE_RATIO, QUEUE_FLOOR_MS);

/** Watches single round trips for the first signs of a queue. */
export class QueueSignal {
  #samples = 0;
  /** Since when round trips have shown it without a break. */
  since = 0;

  /** @returns whether round trips have shown a queue for long enough */
  lasts(rtt: number, minRtt: number, now: number): boolean {
    const sign = minRtt < 2 * QUEUE_FLOOR_MS ? QUEUE_FLOOR_MS : Math.min(Math.max(minRtt / 8, 4), 16);
    this.#samples = rtt - minRtt > sign ? this.#samples + 1 : 0;
    if (this.#samples <= 1) this.since = now;
    return this.#samples >= QUEUE_SAMPLES && now - this.since >= Math.min(minRtt * QUEUE_LASTS, QUEUE_LASTS_MS);
  }
}
