/** One who has more to do than may be done at once. */
export interface Waiting {
  /** Does a part. @returns whether there is more to do right away */
  serve(): boolean;
}

export interface FairQueueInit {
  monotonic(): number;
  /** Calls back when everybody else had an occasion to be heard: what came from the network, timers. */
  readonly later?: (run: () => void) => void;
}

/** How long those who wait are served before the others are heard, milliseconds. */
const TURN_MS = 1;

/**
 * Round robin among the channels that have more to say than fits into one part, as fair queueing does it (RFC 8290 §4): who
 * says little is served when it comes and never stands here, however many do.
 */
export class FairQueue {
  readonly #monotonic: () => number;
  readonly #later: (run: () => void) => void;
  readonly #waiting: Waiting[] = [];
  #scheduled = false;

  constructor({ monotonic, later = setImmediate }: FairQueueInit) {
    this.#monotonic = monotonic;
    this.#later = later;
  }

  /** How many wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const end = this.#monotonic() + TURN_MS;
    do {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      if (first.serve()) this.#waiting.push(first);
    } while (this.#monotonic() < end);
    if (this.#waiting.length > 0) this.#schedule();
  }
}
