import type { AckSample, CongestionController, ControllerInit, RateReason } from './controller.js';

/**
 * The rate a person asked for. Where the path delivers much less than is sent, it falls to what is delivered, so that a
 * number typed wrong does not flatten the network, and climbs back while that holds.
 */

const TOLERATED_LOSS = 0.1;
const CLIMB = 1.05;
/** Kept in one round at least: in a program's pause a socket loses what comes, and next to nothing is delivered. */
const MOST_FALL = 0.5;
/** Room for the queue of a slow hop and for the receiver's pauses. */
const SLACK_MS = 20;
const MIN_WINDOW_PACKETS = 16;

export class FixedRateController implements CongestionController {
  readonly #asked: number;
  readonly #init: ControllerInit;
  #rate: number;
  #smoothedRtt: number;
  #nextRound = 0;
  #acked = 0;
  #lost = 0;
  #measured = 0;
  #roundStart = 0;

  /** @param rate bytes per millisecond */
  constructor(init: ControllerInit, rate: number) {
    this.#init = init;
    this.#asked = rate;
    this.#rate = rate;
    this.#smoothedRtt = init.rtt;
  }

  get pacingRate(): number {
    return this.#rate;
  }

  get window(): number {
    const window = this.#rate * (2 * this.#smoothedRtt + SLACK_MS);
    return Math.max(window, MIN_WINDOW_PACKETS * this.#init.datagram);
  }

  get reason(): RateReason {
    return this.#rate < this.#asked ? 'loss' : 'given';
  }

  onAck(sample: AckSample): void {
    this.#smoothedRtt = Math.min(sample.smoothedRtt, 2 * sample.minRtt + SLACK_MS);
    this.#acked += sample.acked;
    this.#lost += sample.lost;
    this.#measured = Math.max(this.#measured, sample.rate);
    if (sample.priorDelivered < this.#nextRound || sample.now - this.#roundStart < SLACK_MS) return;
    this.#nextRound = sample.delivered;
    this.#roundStart = sample.now;
    this.#judge(this.#lost / Math.max(1, this.#acked + this.#lost));
    this.#acked = 0;
    this.#lost = 0;
    this.#measured = 0;
  }

  #judge(lossRate: number): void {
    const starved = this.#measured > 0 && this.#measured < this.#rate * (1 - TOLERATED_LOSS);
    const least = Math.max(this.#rate * MOST_FALL, this.#asked / 100);
    if (lossRate > TOLERATED_LOSS && starved) this.#rate = Math.max(this.#measured, least);
    else if (lossRate <= TOLERATED_LOSS) this.#rate = Math.min(this.#asked, this.#rate * CLIMB);
  }

  onSilence(): void {
    this.#rate = Math.max(this.#rate / 2, this.#asked / 100);
  }

  onPathChange(): void {
    this.#rate = this.#asked;
  }
}

/** A stream finds its own rate and loses nothing: only memory limits what is under way. */
export class StreamController implements CongestionController {
  readonly pacingRate = Number.POSITIVE_INFINITY;
  readonly reason = 'bandwidth';
  readonly window: number;

  constructor(window: number) {
    this.window = window;
  }

  onAck(): void {}
  onSilence(): void {}
  onPathChange(): void {}
}
