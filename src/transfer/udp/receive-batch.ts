import { viewOf } from '../../wire/datagrams/header.js';
import type { Path } from '../protocol/path.js';
import type { OnDatagrams } from './endpoint.js';
import type { Libc, Memory } from './libc.js';

/** Memory into which `recvmmsg` puts many datagrams at once. */

const MSGHDR_BYTES = 56;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_BYTES = 28;
const NAME_SLOT_BYTES = 32;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/**
 * How the memory is divided: few slots for datagrams which the kernel joined, or many for single ones. Small enough either way
 * to stay in the processor's cache between the kernel's copy and ours.
 */
interface Division {
  readonly slots: number;
  readonly bytes: number;
}
const JOINED: Division = { slots: 8, bytes: 1 << 16 };
const SINGLE: Division = { slots: 128, bytes: 2_048 };
const MOST_SLOTS = SINGLE.slots;
/** Batches without a joined datagram after which none are expected. */
const SINGLE_AFTER = 4;

export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #pathAt: (view: DataView, at: number) => Path;
  readonly #slots: Memory;
  readonly #slotsView: DataView;
  readonly #headers: Memory;
  readonly #headersView: DataView;
  readonly #names: Memory;
  readonly #namesView: DataView;
  #division: Division = JOINED;
  #singles = 0;

  /** @param pathAt the path of the sockaddr at a place in memory */
  constructor(libc: Libc, pathAt: (view: DataView, at: number) => Path) {
    this.#libc = libc;
    this.#pathAt = pathAt;
    this.#slots = libc.allocate(JOINED.slots * JOINED.bytes);
    this.#slotsView = viewOf(this.#slots.bytes);
    this.#headers = libc.allocate(MOST_SLOTS * (MMSGHDR_BYTES + IOVEC_BYTES));
    this.#headersView = viewOf(this.#headers.bytes);
    this.#names = libc.allocate(MOST_SLOTS * NAME_SLOT_BYTES);
    this.#namesView = viewOf(this.#names.bytes);
    this.#divide(JOINED);
  }

  #divide(division: Division): void {
    this.#division = division;
    const view = this.#headersView;
    for (let i = 0; i < division.slots; i++) {
      const header = i * MMSGHDR_BYTES;
      const vector = MOST_SLOTS * MMSGHDR_BYTES + i * IOVEC_BYTES;
      view.setBigUint64(header, this.#names.address + BigInt(i * NAME_SLOT_BYTES), true);
      view.setUint32(header + 8, NAME_BYTES, true);
      view.setBigUint64(header + 16, this.#headers.address + BigInt(vector), true);
      view.setBigUint64(header + 24, 1n, true);
      view.setBigUint64(vector, this.#slots.address + BigInt(i * division.bytes), true);
      view.setBigUint64(vector + 8, BigInt(division.bytes), true);
    }
  }

  /** Takes in what has come to a socket, without waiting. @returns whether there may be more */
  receive(fd: number, onDatagrams: OnDatagrams): boolean {
    const { slots, bytes } = this.#division;
    const count = this.#libc.recvmmsg(fd, this.#headers.address, slots, MSG_DONTWAIT, null);
    let cut = false;
    let joined = bytes !== JOINED.bytes;
    for (let slot = 0; slot < count; slot++) {
      const header = slot * MMSGHDR_BYTES;
      const length = this.#headersView.getUint32(header + MSGHDR_BYTES, true);
      // The kernel has put the length of the name where its room was.
      this.#headersView.setUint32(header + 8, NAME_BYTES, true);
      cut ||= (this.#headersView.getUint32(header + 48, true) & MSG_TRUNC) !== 0;
      joined ||= length > SINGLE.bytes;
      const path = this.#pathAt(this.#namesView, slot * NAME_SLOT_BYTES);
      onDatagrams(this.#slots.bytes, this.#slotsView, slot * bytes, length, path);
    }
    if (cut) this.#divide(JOINED);
    if (cut || joined) this.#singles = 0;
    else if (count > 0 && ++this.#singles > SINGLE_AFTER) this.#divide(SINGLE);
    return count === slots;
  }

  free(): void {
    for (const memory of [this.#slots, this.#headers, this.#names]) this.#libc.free(memory);
  }
}
