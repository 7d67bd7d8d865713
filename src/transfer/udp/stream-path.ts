import { datagramLength, viewOf } from '../../wire/datagrams/header.js';
import { DATAGRAM_MAX_BYTES } from '../../wire/limits.js';
import { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';

/**
 * A stream in place of datagrams, where these do not get through: the same bytes one after another. Each datagram says its own
 * length, so nothing is added.
 */

/** The part of a stream that is needed, on whichever thread it lives. */
export interface Stream {
  /** @returns false where the caller should wait for `onDrain` */
  write(bytes: Uint8Array): boolean;
  onData: (bytes: Uint8Array) => void;
  onDrain: () => void;
  onClose: () => void;
  close(): void;
}

type OnWhole = (bytes: Uint8Array, view: DataView, at: number, length: number, path: Path) => void;

export class StreamPath implements Path {
  readonly key = 'stream';
  readonly stream = true;
  readonly maxDatagram = DATAGRAM_MAX_BYTES;
  readonly #stream: Stream;
  readonly #train = new DatagramBatch();
  readonly #onWhole: OnWhole;
  #rest = new Uint8Array(0);
  #full = false;
  closed = false;

  /** @param onTurn called after each piece that came, and when there is room again */
  constructor(stream: Stream, onWhole: OnWhole, onTurn: () => void) {
    this.#stream = stream;
    this.#onWhole = onWhole;
    stream.onData = (bytes) => {
      this.#receive(bytes);
      onTurn();
    };
    stream.onDrain = () => {
      this.#full = false;
      onTurn();
    };
    stream.onClose = () => {
      this.closed = true;
      onTurn();
    };
  }

  get train(): DatagramBatch | undefined {
    return this.#full || this.closed ? undefined : this.#train;
  }

  write(datagram: Uint8Array): void {
    if (!this.closed && !this.#stream.write(datagram.slice())) this.#full = true;
  }

  writeTrain(): void {
    this.write(this.#train.bytes.subarray(0, this.#train.length));
  }

  #receive(bytes: Uint8Array): void {
    const whole = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    const view = viewOf(whole);
    let at = 0;
    for (;;) {
      const length = datagramLength(view, at, whole.length);
      if (length === 0) break;
      this.#onWhole(whole, view, at, length, this);
      at += length;
    }
    this.#rest = whole.slice(at);
    // A length that can never be: what follows would be noise.
    if (this.#rest.length > DATAGRAM_MAX_BYTES) this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#stream.close();
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
