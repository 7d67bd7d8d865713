import { type Random, randomBelow } from '../../base/random.js';
import { DATA_HEADER_BYTES, writeDataHeader } from '../../wire/datagrams/data.js';
import type { BlockScheduler, Slice } from './block-scheduler.js';
import type { DatagramBatch } from './datagram-batch.js';
import type { SessionKeys } from './keys.js';
import type { LossDetector } from './loss-detection.js';
import { sentEvent, type Trace } from './trace.js';

export interface DataWriterInit {
  readonly keys: SessionKeys;
  readonly blocks: BlockScheduler;
  readonly loss: LossDetector;
  readonly random: Random;
  readonly trace: Trace | undefined;
}

/** A slice shorter than this isn't worth a header. */
const MIN_SLICE = 64;
/** About one packet number in so many is left out: whoever acknowledges it acknowledges what was never sent. */
const TRAP_EVERY = 1_024;

/** Writes data packets into a train, and notes each as sent. */
export class DataWriter {
  readonly #init: DataWriterInit;
  #toTrap: number;

  constructor(init: DataWriterInit) {
    this.#init = init;
    this.#toTrap = this.#trapDistance();
  }

  /** Fills `train` up to `most` bytes, with what waits. */
  fill(train: DatagramBatch, most: number, now: number): void {
    const { segment } = train;
    while (train.length < most) {
      const left = segment - (train.length % segment);
      if (left < DATA_HEADER_BYTES + MIN_SLICE) return;
      const slice = this.#init.blocks.next(left - DATA_HEADER_BYTES);
      if (slice === null) return;
      this.#write(slice, train, now);
    }
  }

  #write(slice: Slice, train: DatagramBatch, now: number): void {
    const { keys, blocks, loss, trace } = this.#init;
    const { packets } = loss;
    if (--this.#toTrap === 0) {
      loss.addTrap();
      this.#toTrap = this.#trapDistance();
    }
    const length = DATA_HEADER_BYTES + slice.length;
    const { block, generation, offset } = slice;
    writeDataHeader(
      train.view,
      train.length,
      keys.check,
      keys.toResponder,
      length,
      generation,
      packets.next,
      block,
      offset,
    );
    blocks.copy(slice, train.bytes, train.length + DATA_HEADER_BYTES);
    trace?.('transport:packet_sent', sentEvent(packets.next, length, slice), now);
    packets.add(block, generation, offset, slice.length);
    train.length += length;
  }

  #trapDistance(): number {
    return TRAP_EVERY / 2 + randomBelow(this.#init.random, TRAP_EVERY);
  }
}
