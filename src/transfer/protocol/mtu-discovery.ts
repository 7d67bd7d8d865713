import { DATAGRAM_MIN_BYTES } from '../../wire/limits.js';

/**
 * Finds the largest datagram the path carries (RFC 8899, datagram packetization layer path MTU discovery): probes sizes that
 * networks have, the likely ones first, and falls back to the size every path carries when the large ones stop arriving.
 */

/** Payloads of: loopback, jumbo frames, Ethernet by IPv4 and IPv6, tunnels and PPPoE. */
const SIZES = [65_488, 8_972, 8_952, 1_472, 1_452, 1_392, 1_320];
const TRIES = 3;
/** Larger sizes are tried again after this long. */
const RETRY_MS = 60_000;

export class MtuDiscovery {
  #size = DATAGRAM_MIN_BYTES;
  #limit: number;
  #tries = new Map<number, number>();
  #nextAt = 0;

  /** @param limit what the own interface carries, or the most that can be sent without being cut by the kernel */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes a datagram may have. */
  get size(): number {
    return this.#size;
  }

  /** Size of a probe to send now, or 0. All sizes are tried at once, so that a small path is known as soon as a large one. */
  probe(now: number, rtt: number): number {
    if (now < this.#nextAt) return 0;
    const size = this.#candidate();
    if (size === 0) return 0;
    const tries = this.#triesOf(size) + 1;
    this.#tries.set(size, tries);
    const next = this.#candidate();
    if (next === 0 || this.#triesOf(next) >= tries) this.#nextAt = now + Math.max(2 * rtt, 20);
    return size;
  }

  #triesOf(size: number): number {
    return this.#tries.get(size) ?? 0;
  }

  /** The likeliest of those that were tried least. */
  #candidate(): number {
    let best = 0;
    for (const size of SIZES) {
      if (size > this.#limit || size <= this.#size || this.#triesOf(size) >= TRIES) continue;
      if (best === 0 || this.#triesOf(size) < this.#triesOf(best)) best = size;
    }
    return best;
  }

  /** When `probe` will want to send one; infinity where there is nothing left to try. */
  get nextAt(): number {
    return this.#candidate() === 0 ? Number.POSITIVE_INFINITY : this.#nextAt;
  }

  onProbed(size: number): void {
    if (size > this.#size && size <= this.#limit) this.#size = size;
  }

  /** Nothing large arrives any more, or the kernel refused it. */
  onBlackHole(now: number): void {
    if (this.#size === DATAGRAM_MIN_BYTES) return;
    this.#size = DATAGRAM_MIN_BYTES;
    this.#tries.clear();
    this.#nextAt = now + 100;
  }

  /** The kernel says that no more than this leaves the machine. */
  onRefused(size: number): void {
    this.#tries.set(size, TRIES);
    if (size < this.#limit) this.#limit = Math.max(DATAGRAM_MIN_BYTES, size - 1);
    if (this.#size > this.#limit) this.#size = DATAGRAM_MIN_BYTES;
  }

  reset(limit: number): void {
    this.#limit = limit;
    this.#size = DATAGRAM_MIN_BYTES;
    this.#tries.clear();
    this.#nextAt = 0;
  }

  /** Time to try larger sizes again. */
  renew(now: number): void {
    if (now < this.#nextAt + RETRY_MS) return;
    this.#tries.clear();
  }
}
