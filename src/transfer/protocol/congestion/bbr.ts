import { AckAggregation } from './ack-aggregation.js';
import { CarefulResume, type Measured } from './careful-resume.js';
import type { AckSample, CongestionController, ControllerInit, RateReason, Start } from './controller.js';
import { DeliveryRate, Spread } from './delivery-rate.js';
import { isQueue, QueueSignal } from './queue-signal.js';

/**
 * Finds the rate by measuring delivery (after BBR, draft-ietf-ccwg-bbr): paces at the highest delivery rate of the last
 * rounds, keeps about one bandwidth-delay product in flight, probes for more every few rounds. Departures: start-up ends at
 * the first sign of a queue, not only when the rate stops growing; loss which is no more than the path's usual loss is
 * ignored, and loss beyond it, or a standing queue, lowers the rate until the next probe, so that other flows get room.
 */

const ROUNDS_OF_MEMORY = 10;
const STARTUP_GAIN = 2.77;
const STARTUP_WINDOW_GAIN = 2.77;
/** With this much in flight it grows by less: what overshoots in the round trip before a queue shows has to fit in that queue. */
const CAREFUL_BYTES = 2 << 20;
const CAREFUL_GAIN = 2;
const OVERSHOOT_BYTES = 2.5 * (1 << 20);
const LEAST_WINDOW_GAIN = 1.4;
const DRAINING_GAIN = 0.5;
const WINDOW_GAIN = 1.6;
const PROBE_GAIN = 1.2;
/** A probe that follows one which paid asks for so much more than that, up to the most: what ended start-up was no limit. */
const BOLDER = 1.25;
/** The first after start-up: a program's pause may have ended that. */
const FIRST_PROBE_GAIN = 1.5;
const MOST_PROBE_GAIN = 2;
const DRAIN_GAIN = 0.8;
/** One probing round, one draining, then this many at the measured rate. */
const CRUISE_ROUNDS = 6;
/** A queue that is not ours does not go away. */
const RELAX_ROUNDS = 3;
const INITIAL_WINDOW = 192 << 10;
/** The first window leaves within this, so that what its acknowledgements spread to tells of the narrowest hop. */
const FIRST_TRAIN_MS = 3;
const MIN_WINDOW_PACKETS = 4;
/** A probe that found this much more goes on probing. */
const WORTHWHILE = 1.05;
/** Loss above what the path usually loses which counts as congestion. */
const LOSS_MARGIN = 0.02;
/** What a rate in start-up is measured over, at least. */
const SHORT_MS = 4;
/** Loss beyond the usual which ends start-up in the midst of a round, of at least so many bytes. */
const OVERFLOW_LOSS = 0.15;
const OVERFLOW_BYTES = 256 << 10;
/** Kept of the rate after a congested round. */
const BACK_OFF = 0.85;
/** A receiver answers, and a process runs, no more evenly than this. */
const JITTER_MS = 4;
/** Of what the receiver's socket holds, so much may wait there. */
const BUFFER_USED = 0.9;
/** Where round trips are shorter, this counts as one: a scheduler's pauses are no news of the network. */
const MIN_ROUND_MS = 25;

type Phase = 'startup' | 'drain' | 'probe' | 'relax' | 'cruise';

export class BbrController implements CongestionController {
  readonly #init: ControllerInit;
  #phase: Phase = 'startup';
  #reason: RateReason = 'startup';
  readonly #rates: number[] = [];
  #rate: number;
  #bound = Number.POSITIVE_INFINITY;
  #minRtt: number;
  #now = 0;
  #nextRound = 0;
  #roundAt = 0;
  readonly #aggregation = new AckAggregation();
  readonly #short = new DeliveryRate();
  readonly #spread = new Spread();
  readonly #resume: CarefulResume;
  #roundRate = 0;
  #startupRate = 0;
  #roundAcked = 0;
  #roundLost = 0;
  #roundRtt = Number.POSITIVE_INFINITY;
  #roundLimited = true;
  #plateau = 0;
  #fullRate = 0;
  #usualLoss = 0;
  #roundsInPhase = 0;
  readonly #queue = new QueueSignal();
  /** Whether a probe has found that there is no more to have. */
  #settled = false;
  /** Start-up ended by delay alone. */
  #bold = false;
  #rateBeforeProbe = 0;
  #probeGain = PROBE_GAIN;
  #probedSince = 0;
  /** Nothing has been acknowledged yet. */
  #unheard = true;

  /** @param remembered what the same path carried before */
  constructor(init: ControllerInit, remembered?: Measured) {
    this.#init = init;
    this.#minRtt = Math.max(init.rtt, 0.05);
    this.#rate = INITIAL_WINDOW / Math.max(this.#minRtt, 1);
    this.#resume = new CarefulResume(remembered, this.#minRtt, INITIAL_WINDOW);
  }

  get start(): Start | undefined {
    return this.#resume.start;
  }

  get measured(): Measured | undefined {
    if (this.#phase === 'startup' || this.#rates.length === 0) return undefined;
    return { rate: Math.min(this.#rate, this.#bound), minRtt: this.#minRtt };
  }

  get reason(): RateReason {
    return this.#reason;
  }

  get pacingRate(): number {
    if (this.#resume.isUnvalidated) return this.#resume.rate;
    const least = this.#unheard ? INITIAL_WINDOW / FIRST_TRAIN_MS : this.#init.datagram / 100;
    return Math.max(this.#gain * Math.min(this.#rate, this.#bound), least);
  }

  get window(): number {
    if (this.#unheard) return Math.max(INITIAL_WINDOW, this.#resume.rate * this.#minRtt);
    const rate = Math.min(this.#rate, this.#bound);
    const product = rate * this.#minRtt;
    const bunch = this.#phase === 'startup' ? 0 : this.#aggregation.most;
    const slack = Math.min(Math.max(rate * JITTER_MS, bunch), this.#init.buffer * BUFFER_USED);
    const window = this.#windowGain(product) * product + slack;
    const least = this.#phase === 'startup' ? INITIAL_WINDOW : MIN_WINDOW_PACKETS * this.#init.datagram;
    return Math.max(window, least);
  }

  #windowGain(product: number): number {
    if (this.#phase === 'startup') {
      return Math.min(STARTUP_WINDOW_GAIN, Math.max(LEAST_WINDOW_GAIN, 1 + OVERSHOOT_BYTES / product));
    }
    if (this.#phase === 'probe') return Math.max(WINDOW_GAIN, this.#probeGain);
    return this.#phase === 'drain' ? 1 : WINDOW_GAIN;
  }

  get #careful(): boolean {
    return this.#rate * this.#minRtt > CAREFUL_BYTES;
  }

  get #gain(): number {
    if (this.#phase === 'startup') return this.#careful ? CAREFUL_GAIN : STARTUP_GAIN;
    if (this.#phase === 'drain') return DRAINING_GAIN;
    if (this.#phase === 'probe') return this.#probeGain;
    return this.#phase === 'relax' ? DRAIN_GAIN : 1;
  }

  onAck(sample: AckSample): void {
    this.#minRtt = Math.max(sample.minRtt, 0.05);
    this.#unheard = false;
    this.#now = sample.now;
    this.#resume.onAck(sample.priorDelivered === 0);
    this.#roundAcked += sample.acked;
    this.#roundLost += sample.lost;
    if (sample.rtt > 0) this.#noteRtt(sample.rtt, sample.now);
    if (sample.rate > 0 && (!sample.limited || sample.rate > this.#rate)) {
      this.#roundRate = Math.max(this.#roundRate, sample.rate);
      this.#roundLimited = false;
      this.#rate = Math.max(this.#rate, sample.rate);
    }
    if (this.#phase === 'startup' || this.#stillTells(sample)) this.#grow(sample);
    if (this.#phase === 'startup' && this.#overflows) this.#leaveStartup();
    if (sample.inFlight <= this.#rate * this.#minRtt) this.#onDrained();
    this.#aggregation.update(sample.acked, Math.min(this.#rate, this.#bound), sample.now);
    if (sample.priorDelivered < this.#nextRound || sample.now - this.#roundAt < MIN_ROUND_MS) {
      if (this.#phase !== 'startup' || sample.priorDelivered < this.#nextRound) return;
    }
    this.#roundAt = sample.now;
    this.#endRound(sample.delivered);
  }

  /** After a retreat what was sent by memory goes on telling how much comes. */
  #stillTells({ priorDelivered }: AckSample): boolean {
    return this.#phase === 'drain' && priorDelivered === 0 && this.#resume.start === 'retreated';
  }

  /** In start-up a rate holds for what comes next as soon as the first acknowledgements say so, not a round trip later. */
  #grow({ now, sentAt, delivered, priorDelivered }: AckSample): void {
    const span = Math.max(this.#minRtt / 8, SHORT_MS);
    const short = this.#short.update(now, sentAt, delivered, span);
    const rate = priorDelivered === 0 ? this.#spread.update(now, sentAt, delivered) : short;
    this.#rate = Math.max(this.#rate, rate);
    this.#startupRate = Math.max(this.#startupRate, rate);
  }

  /** A queue too short to be seen in round trips: much more is lost than in the rounds before. */
  get #overflows(): boolean {
    const judged = this.#roundAcked + this.#roundLost;
    const early = this.#roundsInPhase < 2 && !this.#resume.isValidating;
    if (early || judged < OVERFLOW_BYTES) return false;
    return this.#roundLost > judged * (this.#usualLoss * 1.5 + OVERFLOW_LOSS);
  }

  #noteRtt(rtt: number, now: number): void {
    this.#roundRtt = Math.min(this.#roundRtt, rtt);
    if (!this.#queue.lasts(rtt, this.#minRtt, now)) return;
    if (this.#phase === 'startup') this.#leaveStartup();
    else if (this.#phase === 'probe' && this.#queue.since > this.#probedSince) this.#endProbe(true);
  }

  #leaveStartup(): void {
    this.#settled = false;
    this.#bold = this.#roundLost === 0;
    // What was sent by memory is still on its way: from here on counts what has come.
    if (this.#resume.onCongestion()) {
      this.#rate = Math.max(this.#spread.rate, INITIAL_WINDOW / this.#minRtt);
      this.#bold = true;
    }
    this.#enter('drain');
    this.#reason = 'bandwidth';
  }

  #endRound(delivered: number): void {
    this.#nextRound = delivered;
    const lossRate = this.#roundLost / Math.max(1, this.#roundAcked + this.#roundLost);
    const queued = this.#roundRtt < Number.POSITIVE_INFINITY && isQueue(this.#roundRtt, this.#minRtt);
    if (!this.#roundLimited) {
      this.#rates.push(this.#roundRate);
      if (this.#rates.length > ROUNDS_OF_MEMORY) this.#rates.shift();
      if (this.#phase !== 'startup') this.#rate = Math.max(...this.#rates);
    }
    if (this.#phase === 'startup') this.#judgeStartup(queued, lossRate);
    else this.#judgeRound(queued, lossRate);
    this.#aggregation.endRound();
    this.#roundsInPhase++;
    this.#nextPhase();
    this.#roundAcked = 0;
    this.#roundLost = 0;
    this.#roundRate = 0;
    this.#startupRate = 0;
    this.#roundRtt = Number.POSITIVE_INFINITY;
    this.#roundLimited = true;
  }

  #judgeStartup(queued: boolean, lossRate: number): void {
    if (this.#roundLimited && !queued) return;
    const reached = Math.max(this.#roundRate, this.#startupRate);
    const grew = reached >= this.#fullRate * 1.25;
    if (grew) {
      this.#fullRate = reached;
      this.#plateau = 0;
    } else {
      this.#plateau++;
    }
    const lossy = lossRate > 0.1 && !grew;
    if (!queued && !lossy && this.#plateau < 2) {
      this.#usualLoss = Math.max(this.#usualLoss, Math.min(lossRate, 0.5));
      return;
    }
    this.#leaveStartup();
  }

  #judgeRound(queued: boolean, lossRate: number): void {
    const congested = lossRate > this.#usualLoss * 1.5 + LOSS_MARGIN;
    if (!congested && this.#phase === 'cruise') this.#usualLoss += (lossRate - this.#usualLoss) / 8;
    if (congested && this.#phase === 'cruise' && !queued) this.#usualLoss += (lossRate - this.#usualLoss) / 16;
    const standing = queued && this.#phase === 'cruise';
    if (!congested && !standing) return;
    this.#reason = congested ? 'loss' : 'delay';
    const current = Math.min(this.#bound, this.#rate);
    // Loss with undiminished delivery was our own overshoot; a standing queue has to be sent off, whoever made it.
    const delivered = this.#roundRate > 0 ? Math.min(this.#roundRate, this.#rate) : current;
    this.#bound = standing ? current * BACK_OFF : Math.max(delivered, current * BACK_OFF);
  }

  #nextPhase(): void {
    switch (this.#phase) {
      case 'cruise':
        if (this.#roundsInPhase < (this.#settled ? CRUISE_ROUNDS : 1)) return;
        this.#bound = Number.POSITIVE_INFINITY;
        this.#reason = 'bandwidth';
        this.#probe();
        return;
      case 'probe':
        // What was sent faster is delivered a round later.
        if (this.#roundsInPhase < 2) return;
        if (this.#rate > this.#rateBeforeProbe * WORTHWHILE && this.#bound === Number.POSITIVE_INFINITY) {
          this.#probe(Math.min(this.#probeGain * BOLDER, MOST_PROBE_GAIN));
        } else {
          this.#endProbe(this.#bound < Number.POSITIVE_INFINITY);
        }
        return;
      case 'relax':
        if (this.#roundsInPhase >= RELAX_ROUNDS) this.#enter('cruise');
        return;
      case 'drain':
        if (this.#roundsInPhase > 3) this.#probe();
        return;
      case 'startup':
    }
  }

  /** @param full what ended it is the network; where nothing came of it and no queue either, the next one is soon */
  #endProbe(full: boolean): void {
    this.#settled ||= full;
    this.#enter('relax');
  }

  /** The queue that was made is gone. */
  #onDrained(): void {
    if (this.#phase === 'drain') this.#probe();
    else if (this.#phase === 'relax') this.#enter('cruise');
  }

  #probe(gain = this.#bold && !this.#settled ? FIRST_PROBE_GAIN : PROBE_GAIN): void {
    this.#rateBeforeProbe = this.#rate;
    this.#probeGain = gain;
    this.#probedSince = this.#now;
    this.#enter('probe');
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#roundsInPhase = 0;
  }

  onSilence(): void {
    this.#rates.length = 0;
    this.#rate = Math.max(this.#rate / 4, INITIAL_WINDOW / Math.max(this.#minRtt, 100));
    this.#fullRate = 0;
    this.#plateau = 0;
    this.#enter('startup');
    this.#reason = 'loss';
  }

  onPathChange(): void {
    this.#rates.length = 0;
    this.#bound = Number.POSITIVE_INFINITY;
    this.#rate = Math.min(this.#rate, INITIAL_WINDOW / Math.max(this.#minRtt, 1));
    this.#fullRate = 0;
    this.#plateau = 0;
    this.#usualLoss = 0;
    this.#resume.end();
    this.#enter('startup');
    this.#reason = 'startup';
  }
}
