import { mlsFailure } from './failures.js';

/** The presentation language of RFC 9420 §2.1, as far as messages and their keys need it. Strict: one form for a value. */

const cutShort = () => mlsFailure('mls-malformed', 'the MLS message is cut short');

export class TlsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** An unsigned integer of 1, 2 or 4 bytes. */
  uint(width: 1 | 2 | 4): number {
    const at = this.#advance(width);
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** An epoch: a uint64 that is a safe integer. */
  epoch(): number {
    const value = this.#view.getBigUint64(this.#advance(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw mlsFailure('mls-malformed', 'no group lives that long');
    return Number(value);
  }

  fixed(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** `opaque data<V>`; a length in more bytes than it needs is refused (RFC 9420 §2.1.2). */
  opaque(): Uint8Array {
    const head = this.uint(1);
    const width = head >> 6;
    const high = head & 0x3f;
    if (width === 0) return this.fixed(high);
    if (width === 3) throw mlsFailure('mls-malformed', 'a length of eight bytes is not allowed');
    const length = width === 1 ? (high << 8) | this.uint(1) : (high << 24) | (this.uint(1) << 16) | this.uint(2);
    if (length < (width === 1 ? 0x40 : 0x4000)) {
      throw mlsFailure('mls-malformed', 'a length in more bytes than it needs');
    }
    return this.fixed(length);
  }

  /** What has not been read. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw mlsFailure('mls-malformed', 'bytes follow the end of the MLS message');
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw cutShort();
    this.#at = at + length;
    return at;
  }
}

export function uint(width: 1 | 2 | 4 | 8, value: number): Uint8Array {
  const bytes = new Uint8Array(width);
  const view = new DataView(bytes.buffer);
  if (width === 1) view.setUint8(0, value);
  else if (width === 2) view.setUint16(0, value);
  else if (width === 4) view.setUint32(0, value);
  else view.setBigUint64(0, BigInt(value));
  return bytes;
}

/** The head of `opaque data<V>` of that length. */
export function lengthHead(length: number): Uint8Array {
  if (length < 0x40) return uint(1, length);
  if (length < 0x4000) return uint(2, length | 0x4000);
  return uint(4, length + 0x80000000);
}
