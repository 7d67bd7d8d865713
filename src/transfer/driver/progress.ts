import type { Progress, TransferEvent } from './events.js';

const EVERY_MS = 200;
const WINDOW_MS = 2_000;

/** Tells how far a transfer has come: now and then, and with the rate of the last seconds. */
export class ProgressReport {
  readonly #size: number;
  readonly #onEvent: (event: TransferEvent) => void;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  /** When it is to be told next. */
  dueAt = 0;

  constructor(size: number, onEvent: (event: TransferEvent) => void) {
    this.#size = size;
    this.#onEvent = onEvent;
  }

  tell(bytes: number, facts: Omit<Progress, 'bytes' | 'size' | 'rate'>, now: number): void {
    this.dueAt = now + EVERY_MS;
    const rate = this.#rate(bytes, now);
    this.#onEvent({ type: 'progress', progress: { bytes, size: this.#size, rate, ...facts } });
  }

  /** Bytes per second over a sliding window. */
  #rate(bytes: number, now: number): number {
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    return now > first.at ? ((bytes - first.bytes) * 1_000) / (now - first.at) : 0;
  }
}
