/**
 * What is known of each packet that was sent, in rings of plain arrays: at half a million packets a second, objects cost
 * more than the network. Packets sent in one go share a train, which holds what a delivery-rate sample needs.
 */

export const PACKET = { none: 0, outstanding: 1, acked: 2, lost: 3, trap: 4 } as const;

const SLOTS = 1 << 16;
const MASK = SLOTS - 1;

export class SentPackets {
  readonly state = new Uint8Array(SLOTS);
  readonly block = new Uint32Array(SLOTS);
  readonly generation = new Uint8Array(SLOTS);
  readonly offset = new Uint32Array(SLOTS);
  readonly length = new Uint32Array(SLOTS);
  readonly train = new Uint16Array(SLOTS);

  readonly trainSentAt = new Float64Array(SLOTS);
  readonly trainDelivered = new Float64Array(SLOTS);
  readonly trainDeliveredAt = new Float64Array(SLOTS);
  readonly trainFirstSentAt = new Float64Array(SLOTS);
  readonly trainLimited = new Uint8Array(SLOTS);

  /** The number the next packet gets. */
  next: number;
  /** No packet below is outstanding. */
  lowest: number;
  /** Content bytes sent, neither acknowledged nor given up. */
  inFlight = 0;
  #train = 0;

  constructor(first: number) {
    this.next = first;
    this.lowest = first;
  }

  slot(packet: number): number {
    return packet & MASK;
  }

  get room(): number {
    return SLOTS - (this.next - this.lowest);
  }

  beginTrain(now: number, delivered: number, deliveredAt: number, firstSentAt: number, limited: boolean): void {
    this.#train = (this.#train + 1) & MASK;
    this.trainSentAt[this.#train] = now;
    this.trainDelivered[this.#train] = delivered;
    this.trainDeliveredAt[this.#train] = deliveredAt;
    this.trainFirstSentAt[this.#train] = firstSentAt;
    this.trainLimited[this.#train] = limited ? 1 : 0;
  }

  add(block: number, generation: number, offset: number, length: number): void {
    const slot = this.next++ & MASK;
    this.state[slot] = PACKET.outstanding;
    this.block[slot] = block;
    this.generation[slot] = generation;
    this.offset[slot] = offset;
    this.length[slot] = length;
    this.train[slot] = this.#train;
    this.inFlight += length;
  }

  /** A number that is never sent: who acknowledges it has not seen what it acknowledges. */
  skip(): number {
    const packet = this.next++;
    this.state[packet & MASK] = PACKET.trap;
    return packet;
  }

  sentAt(packet: number): number {
    return this.trainSentAt[this.train[packet & MASK]!]!;
  }

  settle(packet: number, state: typeof PACKET.acked | typeof PACKET.lost): void {
    const slot = packet & MASK;
    if (this.state[slot] === PACKET.outstanding) this.inFlight -= this.length[slot]!;
    this.state[slot] = state;
  }

  advance(): void {
    while (this.lowest < this.next && this.state[this.lowest & MASK] !== PACKET.outstanding) this.lowest++;
  }
}
