/** What a router forgives its own clock, in seconds. */
const SLACK = 2;
/** A clock may go wrong by so much of what it measures. */
const DRIFT = 1 / 16;

/** Whether a router still has the state that it had: both clocks must have gone on alike (RFC 6887 §8.5). */
export class EpochWatch {
  #last: { readonly epoch: number; readonly at: number } | undefined;

  forget(): void {
    this.#last = undefined;
  }

  /** @param epoch as its latest answer has it, in seconds @param now ms */
  isContinued(epoch: number, now: number): boolean {
    const last = this.#last;
    this.#last = { epoch, at: now };
    if (last === undefined) return true;
    if (epoch + 1 < last.epoch) return false;
    const here = (now - last.at) / 1_000;
    const there = epoch - last.epoch;
    return here + SLACK >= there * (1 - DRIFT) && there + SLACK >= here * (1 - DRIFT);
  }
}
