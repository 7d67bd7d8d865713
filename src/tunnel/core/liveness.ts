const OPENED_WITHIN_MS = 8_000;
/** Something was asked for, and so long nothing came by any path; longer where the round trip is. */
const DEAD_AFTER_MS = 1_800;
const DEAD_RTTS = 4;

/** Whether the other side is there, by whichever path. */
export class Liveness {
  readonly #openBy: number;
  #heardAt: number | undefined;
  /** Since when something waits for an answer. */
  #askedAt: number | undefined;

  constructor(now: number) {
    this.#openBy = now + OPENED_WITHIN_MS;
  }

  /** @returns whether it was the first time */
  onHeard(now: number): boolean {
    const isFirst = this.#heardAt === undefined;
    this.#heardAt = now;
    return isFirst;
  }

  onAsked(now: number): void {
    this.#askedAt ??= now;
  }

  /** @param waits whether something else waits for an answer */
  onAnswered(waits: boolean, now: number): void {
    this.#askedAt = waits ? now : undefined;
  }

  /** When it counts as gone, as things are. @param rtt of the path in use, where it is known */
  deadAt(rtt = 0): number {
    if (this.#heardAt === undefined) return this.#openBy;
    if (this.#askedAt === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#heardAt, this.#askedAt) + Math.max(DEAD_AFTER_MS, DEAD_RTTS * rtt);
  }
}
