import { viewOf } from '../../wire/datagrams/header.js';
import { DATAGRAM_MAX_BYTES } from '../../wire/limits.js';

/** Datagrams of one size (the last may be shorter) for one address, one after another in memory: one system call sends them all. */
export class DatagramBatch {
  bytes!: Uint8Array;
  view!: DataView;
  /** Bytes of each datagram but the last. */
  segment = 0;
  /** Bytes in all. */
  length = 0;

  /** @param memory at least as long as the largest datagram */
  constructor(memory: Uint8Array = new Uint8Array(DATAGRAM_MAX_BYTES)) {
    this.replace(memory);
  }

  /** Goes on in other memory, where what is in this one has not left yet. */
  replace(memory: Uint8Array): void {
    this.bytes = memory;
    this.view = viewOf(memory);
  }
}

/** The kernel cuts one buffer into at most this many datagrams (UDP_MAX_SEGMENTS), of at most 65,507 bytes in all. */
export const TRAIN_SEGMENTS = 64;
