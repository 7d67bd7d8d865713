import type { Ack } from '../../wire/datagrams/control.js';
import { DATAGRAM_MAX_BYTES, DATAGRAM_MIN_BYTES } from '../../wire/limits.js';
import type { BlockScheduler } from './block-scheduler.js';
import type { AckSample, CongestionController } from './congestion/controller.js';
import { GRANULARITY_MS, Rtt } from './rtt.js';
import { PACKET, SentPackets } from './sent-packets.js';
import { packetHeader, type Trace } from './trace.js';

/**
 * What was acknowledged, what was lost, and what that says of the path: RFC 9002 §6, with a reordering threshold that grows
 * when it was wrong, and delivery-rate samples after draft-cheng-iccrg-delivery-rate-estimation.
 */

const FIRST_REORDER = 3;
const MAX_REORDER = 8_192;
const TIME_THRESHOLD = 9 / 8;
/** Most of a round trip, and more where packets were seen to overtake each other by as much. */
const MAX_TIME_THRESHOLD = 2;
const MAX_PROBE_MS = 1_000;
/** Probe timeouts in a row after which the path counts as collapsed. */
const SILENT_PROBES = 3;
const TRAPS_KEPT = 32;
/** Packets given up which are still recognized when they arrive after all. */
const GIVEN_UP_KEPT = 256;
const FIRST_PACKET = 1;

export class LossDetector {
  readonly packets = new SentPackets(FIRST_PACKET);
  readonly rtt: Rtt;
  /** Milliseconds the receiver may hold an acknowledgement back. */
  ackDelay = 1;
  readonly #blocks: BlockScheduler;
  readonly #controller: CongestionController;
  readonly #reliable: boolean;
  readonly #traps: number[] = [];
  readonly #givenUp: number[] = [];
  #largestAcked = 0;
  #reorder = FIRST_REORDER;
  #timeThreshold = TIME_THRESHOLD;
  #lossAt = Number.POSITIVE_INFINITY;
  #progressAt = 0;
  #probes = 0;
  #delivered = 0;
  #deliveredAt = 0;
  #firstSentAt = 0;
  #limitedUntil = 0;
  #lostBytes = 0;
  #lostPackets = 0;
  #spurious = 0;

  /** @param reliable nothing is lost or overtaken on the way: only silence counts */
  constructor(blocks: BlockScheduler, controller: CongestionController, rtt: number, reliable: boolean) {
    this.#blocks = blocks;
    this.#controller = controller;
    this.#reliable = reliable;
    this.rtt = new Rtt(rtt);
  }

  /** Bytes that have arrived. */
  get delivered(): number {
    return this.#delivered;
  }

  get probes(): number {
    return this.#probes;
  }

  /** Bytes that may be sent now; 0 where it is so little that waiting for the next acknowledgement is better. */
  get allowance(): number {
    const { window } = this.#controller;
    // Nobody answers: a probe now and then, instead of a window again and again into nothing.
    if (this.#probes >= SILENT_PROBES) return this.packets.inFlight === 0 ? DATAGRAM_MIN_BYTES : 0;
    const left = window - this.packets.inFlight;
    const worthIt = this.packets.inFlight === 0 ? 1 : Math.min(window / 4, DATAGRAM_MAX_BYTES);
    return left < worthIt ? 0 : left;
  }

  get stats() {
    return {
      rtt: this.rtt.smoothed,
      minRtt: this.rtt.min,
      delivered: this.#delivered,
      inFlight: this.packets.inFlight,
      packets: this.packets.next - FIRST_PACKET,
      lostPackets: this.#lostPackets,
      lostBytes: this.#lostBytes,
      spurious: this.#spurious,
    };
  }

  beginTrain(now: number): void {
    const { packets } = this;
    if (packets.inFlight === 0) {
      this.#firstSentAt = now;
      this.#deliveredAt = now;
      this.#progressAt = now;
    }
    packets.beginTrain(
      now,
      this.#delivered,
      this.#deliveredAt,
      this.#firstSentAt,
      this.#delivered < this.#limitedUntil,
    );
  }

  onSent(now: number): void {
    if (!this.#blocks.ready) this.#limitedUntil = this.#delivered + this.packets.inFlight;
    if (this.#progressAt === 0) this.#progressAt = now;
  }

  addTrap(): void {
    this.#traps.push(this.packets.skip());
    if (this.#traps.length > TRAPS_KEPT) this.#traps.shift();
  }

  /** @returns false where it acknowledges what was never sent */
  onAck(ack: Ack, now: number, trace: Trace | undefined): boolean {
    const { packets } = this;
    const largest = (ack.ranges[0]?.end ?? 0) - 1;
    if (largest >= packets.next || this.#coversTrap(ack)) return false;
    const before = this.#delivered;
    let newest = -1;
    for (const { first, end } of ack.ranges) {
      for (let packet = Math.max(first, packets.lowest); packet < end; packet++) {
        if (this.#ackOne(packet) && packet > newest) newest = packet;
      }
      if (first <= packets.lowest) break;
    }
    this.#recognizeLate(ack);
    const acked = this.#delivered - before;
    if (newest < 0) return true;
    this.#probes = 0;
    this.#progressAt = now;
    this.#deliveredAt = now;
    const sample = this.#sample(newest, ack, now, acked);
    this.#largestAcked = Math.max(this.#largestAcked, newest);
    const lost = this.#detect(now, trace);
    packets.advance();
    this.#controller.onAck({ ...sample, lost, inFlight: packets.inFlight });
    trace?.('recovery:metrics_updated', this.#metrics(sample.rate), now);
    return true;
  }

  #metrics(deliveryRate: number) {
    const { pacingRate, window } = this.#controller;
    return {
      smoothed_rtt: this.rtt.smoothed,
      min_rtt: this.rtt.min,
      latest_rtt: this.rtt.latest,
      rtt_variance: this.rtt.variance,
      bytes_in_flight: this.packets.inFlight,
      congestion_window: window,
      pacing_rate: pacingRate * 8_000,
      // Of our own: what arrived, in bits per second.
      delivery_rate: deliveryRate * 8_000,
    };
  }

  #coversTrap(ack: Ack): boolean {
    return this.#traps.some((trap) => covers(ack.ranges, trap));
  }

  /** Packets given up too early are delivered after all, and make the threshold grow. */
  #recognizeLate(ack: Ack): void {
    let kept = 0;
    for (const packet of this.#givenUp) {
      if (!covers(ack.ranges, packet)) this.#givenUp[kept++] = packet;
      else if (this.#ackOne(packet)) {
        this.#spurious++;
        this.#reorder = Math.min(MAX_REORDER, this.#reorder * 2);
        this.#timeThreshold = Math.min(MAX_TIME_THRESHOLD, this.#timeThreshold + 1 / 16);
      }
    }
    this.#givenUp.length = kept;
    if (kept > GIVEN_UP_KEPT) this.#givenUp.splice(0, kept - GIVEN_UP_KEPT);
  }

  #ackOne(packet: number): boolean {
    const { packets } = this;
    const slot = packets.slot(packet);
    const state = packets.state[slot];
    if (state !== PACKET.outstanding && state !== PACKET.lost) return false;
    packets.settle(packet, PACKET.acked);
    this.#delivered += packets.length[slot]!;
    this.#blocks.onAcked(packets.block[slot]!, packets.generation[slot]!, packets.offset[slot]!, packets.length[slot]!);
    return true;
  }

  #sample(newest: number, ack: Ack, now: number, acked: number): AckSample {
    const { packets } = this;
    const train = packets.train[packets.slot(newest)]!;
    const sentAt = packets.trainSentAt[train]!;
    const isNew = newest > this.#largestAcked && newest === (ack.ranges[0]?.end ?? 0) - 1;
    const rtt = Math.max(now - sentAt, 0.01);
    if (isNew) this.rtt.sample(rtt, ack.delay / 1_000, now);
    const elapsed = Math.max(now - packets.trainDeliveredAt[train]!, sentAt - packets.trainFirstSentAt[train]!);
    this.#firstSentAt = sentAt;
    const usable = elapsed > 0 && elapsed >= this.rtt.min * 0.9;
    return {
      now,
      acked,
      lost: 0,
      inFlight: 0,
      rtt: isNew ? rtt : 0,
      minRtt: this.rtt.min,
      smoothedRtt: this.rtt.smoothed,
      rate: usable ? (this.#delivered - packets.trainDelivered[train]!) / elapsed : 0,
      limited: packets.trainLimited[train] === 1,
      sentAt,
      delivered: this.#delivered,
      priorDelivered: packets.trainDelivered[train]!,
    };
  }

  /** Gives up what was sent long enough before something that arrived. @returns bytes */
  #detect(now: number, trace: Trace | undefined): number {
    this.#lossAt = Number.POSITIVE_INFINITY;
    if (this.#reliable) return 0;
    const { packets } = this;
    const varied = this.#spurious > 0 ? this.rtt.smoothed + 4 * this.rtt.variance : GRANULARITY_MS;
    const delay = Math.max(this.#timeThreshold * Math.max(this.rtt.smoothed, this.rtt.latest), varied);
    const before = packets.inFlight;
    for (let packet = packets.lowest; packet < this.#largestAcked; packet++) {
      const slot = packets.slot(packet);
      if (packets.state[slot] !== PACKET.outstanding) continue;
      const late = packets.sentAt(packet) + delay;
      if (this.#largestAcked - packet < this.#reorder && late > now) {
        this.#lossAt = late;
        break;
      }
      this.#giveUp(packet);
      trace?.('recovery:packet_lost', { header: packetHeader(packet) }, now);
    }
    const lost = before - packets.inFlight;
    this.#lostBytes += lost;
    return lost;
  }

  #giveUp(packet: number): void {
    const { packets } = this;
    const slot = packets.slot(packet);
    packets.settle(packet, PACKET.lost);
    this.#lostPackets++;
    this.#givenUp.push(packet);
    this.#blocks.onLost(packets.block[slot]!, packets.generation[slot]!, packets.offset[slot]!, packets.length[slot]!);
  }

  #probeAt(): number {
    if (this.packets.inFlight === 0) return Number.POSITIVE_INFINITY;
    const timeout = this.rtt.probeTimeout(this.ackDelay) * 2 ** Math.min(this.#probes, 10);
    return this.#progressAt + Math.min(timeout, Math.max(MAX_PROBE_MS, this.rtt.smoothed * 3));
  }

  nextTimeout(): number {
    return Math.min(this.#lossAt, this.#probeAt());
  }

  /** @returns true where a probe is to be sent: nothing was acknowledged for too long */
  timeout(now: number, trace: Trace | undefined): boolean {
    if (now >= this.#lossAt) {
      this.#detect(now, trace);
      this.packets.advance();
    }
    if (now < this.#probeAt()) return false;
    this.#probes++;
    this.#progressAt = now;
    if (!this.#reliable) this.#probe();
    if (this.#probes === SILENT_PROBES) this.#controller.onSilence();
    const timer = { timer_type: 'pto', event_type: 'expired', pto_count: this.#probes };
    trace?.('recovery:loss_timer_updated', timer, now);
    return true;
  }

  /** Sends the oldest again; from the third time on everything in flight counts as lost, as nothing speaks for it. */
  #probe(): void {
    const { packets } = this;
    let given = this.#probes >= SILENT_PROBES ? Number.POSITIVE_INFINITY : 2;
    for (let packet = packets.lowest; packet < packets.next && given > 0; packet++) {
      if (packets.state[packets.slot(packet)] !== PACKET.outstanding) continue;
      this.#giveUp(packet);
      given--;
    }
    packets.advance();
  }

  onPathChange(now: number): void {
    this.rtt.reset();
    this.#controller.onPathChange();
    this.#reorder = FIRST_REORDER;
    this.#timeThreshold = TIME_THRESHOLD;
    this.#progressAt = now;
    this.#probes = SILENT_PROBES;
    this.#probe();
    this.#probes = 0;
  }
}

/** @param ranges the largest first, as an ack has them */
function covers(ranges: Ack['ranges'], packet: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.first > packet) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && packet < ranges[low]!.end;
}
