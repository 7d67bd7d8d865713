import type { TunnelKey } from '../../crypto/tunnel-secret.js';
import { controlNonce, open, seal } from '../../transfer/protocol/keys.js';
import { RangeSet } from '../../transfer/protocol/range-set.js';
import type { Range } from '../../wire/datagrams/control.js';
import {
  decodeTunnelFrames,
  readTunnelPacket,
  type TunnelFrame,
  type TunnelWriter,
  tunnelHeader,
} from '../../wire/datagrams/tunnel.js';
import { TUNNEL_ACK_RANGES } from '../../wire/limits.js';

export interface OpenedPacket {
  readonly number: number;
  readonly frames: readonly TunnelFrame[];
}

/** Ranges that are remembered; a packet from before them counts as seen. */
const REMEMBERED = 256;

/** Seals and opens the packets of a tunnel, and knows which have come. */
export class Packets {
  readonly #out: TunnelKey;
  readonly #in: TunnelKey;
  readonly #seen = new RangeSet();
  #floor = 0;
  #largestAt = 0;

  constructor(out: TunnelKey, incoming: TunnelKey) {
    this.#out = out;
    this.#in = incoming;
  }

  seal(number: number, frames: TunnelWriter): Uint8Array {
    const plain = frames.finish();
    const header = tunnelHeader(this.#out.id, number, plain.length);
    const sealed = seal(this.#out.key, controlNonce(number), header, plain);
    const datagram = new Uint8Array(header.length + sealed.length);
    datagram.set(header);
    datagram.set(sealed, header.length);
    return datagram;
  }

  /** @returns null for what was not sealed by the other side, or was seen before. @throws Failure 'malformed' */
  open(datagram: Uint8Array, now: number): OpenedPacket | null {
    const { number, header, sealed } = readTunnelPacket(datagram);
    if (number < this.#floor || this.#seen.has(number)) return null;
    const plain = open(this.#in.key, controlNonce(number), header, sealed);
    if (plain === null) return null;
    if (number > this.#seen.largest) this.#largestAt = now;
    this.#seen.add(number, number + 1);
    this.#seen.keepNewest(REMEMBERED);
    const oldest = this.#seen.newest(Number.POSITIVE_INFINITY).at(-1)!;
    this.#floor = oldest.first;
    return { number, frames: decodeTunnelFrames(plain) };
  }

  /** What has come, the newest first. */
  get ranges(): Range[] {
    return this.#seen.newest(TUNNEL_ACK_RANGES);
  }

  /** Since the newest one came, in ms. */
  heldFor(now: number): number {
    return now - this.#largestAt;
  }
}
