import type { Path } from '../../transfer/protocol/path.js';
import { Rtt } from '../../transfer/protocol/rtt.js';
import type { Range } from '../../wire/datagrams/control.js';
import { TUNNEL_DATAGRAM_BYTES } from '../../wire/datagrams/tunnel.js';
import type { Endpoint } from '../../wire/directory.js';

/**
 * What was acknowledged and what was lost, by path (RFC 9002 §6), and how much may be under way (RFC 9002 §7: slow start, then
 * one datagram more for each round trip, less after a loss). Messages are small: a rate is not looked for.
 */

/** A packet that wants an acknowledgement. */
export interface SentPacket {
  readonly number: number;
  readonly path: Path;
  readonly at: number;
  readonly size: number;
  /** Place among those sent by the same path. */
  readonly order: number;
  readonly range?: Range | undefined;
  readonly end?: boolean | undefined;
  readonly room?: boolean | undefined;
  readonly addresses?: readonly Endpoint[] | undefined;
}

export interface Judged {
  readonly acked: readonly SentPacket[];
  readonly lost: readonly SentPacket[];
}

const FIRST_RTT_MS = 100;
/** The other side holds an acknowledgement back for so long, and is busy for some. */
export const ACK_DELAY_MS = 5;
const LEAST_PROBE_MS = 40;
const MOST_PROBE_MS = 400;
const REORDER = 3;
const TIME_THRESHOLD = 9 / 8;
const FIRST_WINDOW = 16 * TUNNEL_DATAGRAM_BYTES;
const LEAST_WINDOW = 4 * TUNNEL_DATAGRAM_BYTES;
const MOST_WINDOW = 1 << 20;
const AFTER_LOSS = 0.7;
/** A path by which nothing is acknowledged for so long, though something was sent, carries nothing. */
const SILENT_MS = 500;
const SILENT_PROBES = 2;

/** What is known of one path. */
class Lane {
  readonly rtt = new Rtt(FIRST_RTT_MS);
  sent = 0;
  largestAcked = 0;
  inFlight = 0;
  window = FIRST_WINDOW;
  threshold = Number.POSITIVE_INFINITY;
  /** Packets sent after this one count for the next loss. */
  reducedAt = 0;
  /** When what is not acknowledged was first sent since the last acknowledgement. */
  unackedSince: number | undefined;

  get probeTimeout(): number {
    return this.rtt.probeTimeout(ACK_DELAY_MS);
  }

  onAcked(size: number): void {
    // A window that is not used says nothing of the path.
    if (this.inFlight + size < this.window / 2) return;
    const more = this.window < this.threshold ? size : (TUNNEL_DATAGRAM_BYTES * size) / this.window;
    this.window = Math.min(MOST_WINDOW, this.window + more);
  }

  onLost(order: number): void {
    if (order <= this.reducedAt) return;
    this.reducedAt = this.sent;
    this.window = Math.max(LEAST_WINDOW, this.window * AFTER_LOSS);
    this.threshold = this.window;
  }
}

export class Recovery {
  readonly #lanes = new Map<Path, Lane>();
  readonly #sent = new Map<number, SentPacket>();
  #next = 0;
  #progressAt = 0;
  #probes = 0;
  #lossAt = Number.POSITIVE_INFINITY;

  /** Packets that wait for an acknowledgement. */
  get waiting(): number {
    return this.#sent.size;
  }

  /** The number of the next packet. */
  number(): number {
    return this.#next++;
  }

  /** The smoothed round trip, in ms; undefined where none was measured. */
  rtt(path: Path): number | undefined {
    const { rtt } = this.#lane(path);
    return rtt.sampled ? rtt.smoothed : undefined;
  }

  mayLeave(path: Path): boolean {
    const { inFlight, window } = this.#lane(path);
    return inFlight + TUNNEL_DATAGRAM_BYTES <= window;
  }

  /** Nothing that is sent by it arrives any more. */
  isSilent(path: Path, now: number): boolean {
    const { unackedSince, probeTimeout } = this.#lane(path);
    return unackedSince !== undefined && now >= unackedSince + Math.max(SILENT_MS, SILENT_PROBES * probeTimeout);
  }

  silentAt(path: Path): number {
    const { unackedSince, probeTimeout } = this.#lane(path);
    return unackedSince === undefined
      ? Number.POSITIVE_INFINITY
      : unackedSince + Math.max(SILENT_MS, SILENT_PROBES * probeTimeout);
  }

  onSent(packet: Omit<SentPacket, 'order'>): void {
    const lane = this.#lane(packet.path);
    lane.sent++;
    lane.inFlight += packet.size;
    lane.unackedSince ??= packet.at;
    if (this.#sent.size === 0) this.#progressAt = packet.at;
    this.#sent.set(packet.number, { ...packet, order: lane.sent });
  }

  /** @returns undefined where it acknowledges what was never sent */
  onAck(ranges: readonly Range[], delay: number, now: number): Judged | undefined {
    const largest = (ranges[0]?.end ?? 0) - 1;
    if (largest >= this.#next) return undefined;
    const acked: SentPacket[] = [];
    for (const packet of this.#sent.values()) {
      if (packet.number > largest) break;
      if (covers(ranges, packet.number)) acked.push(packet);
    }
    for (const packet of acked) this.#onAcked(packet, packet.number === largest, delay, now);
    if (acked.length > 0) {
      this.#probes = 0;
      this.#progressAt = now;
    }
    return { acked, lost: this.#detect(now) };
  }

  #onAcked(packet: SentPacket, isLargest: boolean, delay: number, now: number): void {
    const lane = this.#forget(packet);
    lane.onAcked(packet.size);
    lane.largestAcked = Math.max(lane.largestAcked, packet.order);
    if (isLargest) lane.rtt.sample(Math.max(now - packet.at, 0.01), delay, now);
    lane.unackedSince = lane.inFlight > 0 ? now : undefined;
  }

  #detect(now: number): SentPacket[] {
    const lost: SentPacket[] = [];
    this.#lossAt = Number.POSITIVE_INFINITY;
    for (const packet of this.#sent.values()) {
      const lane = this.#lane(packet.path);
      if (packet.order >= lane.largestAcked) continue;
      const late = packet.at + Math.max(TIME_THRESHOLD * Math.max(lane.rtt.smoothed, lane.rtt.latest), 1);
      if (lane.largestAcked - packet.order >= REORDER || late <= now) lost.push(packet);
      else this.#lossAt = Math.min(this.#lossAt, late);
    }
    for (const packet of lost) this.#forget(packet).onLost(packet.order);
    return lost;
  }

  /** What was sent by a path counts as lost: another one is in use. */
  abandon(path: Path, now: number): SentPacket[] {
    const lost = [...this.#sent.values()].filter((packet) => packet.path === path);
    for (const packet of lost) this.#forget(packet);
    this.#lane(path).unackedSince = undefined;
    this.#probes = 0;
    this.#progressAt = now;
    return lost;
  }

  #probeAt(path: Path): number {
    if (this.#sent.size === 0) return Number.POSITIVE_INFINITY;
    const { rtt, probeTimeout } = this.#lane(path);
    const timeout = Math.max(LEAST_PROBE_MS, probeTimeout) * 2 ** Math.min(this.#probes, 10);
    return this.#progressAt + Math.min(timeout, Math.max(MOST_PROBE_MS, rtt.smoothed * 3));
  }

  nextTimeout(path: Path): number {
    return Math.min(this.#lossAt, this.#probeAt(path));
  }

  /** Packets given up by now. */
  timeout(now: number): SentPacket[] {
    return now >= this.#lossAt ? this.#detect(now) : [];
  }

  /**
   * Nothing was acknowledged for too long: what was sent first and is still waited for, to be sent once more.
   * @returns undefined where it is not time for that
   */
  probe(path: Path, now: number): SentPacket | undefined {
    if (now < this.#probeAt(path)) return undefined;
    this.#probes++;
    this.#progressAt = now;
    const [oldest] = this.#sent.values();
    if (oldest !== undefined) this.#forget(oldest);
    return oldest;
  }

  #forget(packet: SentPacket): Lane {
    const lane = this.#lane(packet.path);
    if (this.#sent.delete(packet.number)) lane.inFlight -= packet.size;
    return lane;
  }

  #lane(path: Path): Lane {
    const known = this.#lanes.get(path);
    if (known !== undefined) return known;
    const lane = new Lane();
    this.#lanes.set(path, lane);
    return lane;
  }
}

const covers = (ranges: readonly Range[], number: number): boolean =>
  ranges.some(({ first, end }) => first <= number && number < end);
