/** After the newer link has answered the older one has so long, which TCP takes to send once more what was lost. */
const GRACE_TICKS = 3;
/** Where answers take longer, so many times as long as the newer link took. */
const GRACE_TIMES = 2;

/**
 * How long an older link that was asked for a sign of life is waited for. The newer one is asked at the same moment and is
 * the measure: what makes answers slow, a load or a distance, makes both slow.
 */
export class SignOfLife {
  #ticks = 0;
  #answeredAt: number | undefined;

  newerAnswered(): void {
    this.#answeredAt ??= this.#ticks;
  }

  /** Another tick without a sign of the older one. @returns whether it is dead */
  tick(): boolean {
    this.#ticks++;
    if (this.#answeredAt === undefined) return false;
    return this.#ticks - this.#answeredAt >= Math.max(GRACE_TICKS, GRACE_TIMES * this.#answeredAt);
  }
}
