import { unexpected as malformed } from '../cbor.js';
import { viewOf } from './header.js';

/** Numbers of one, two, four or eight bytes: RFC 9000 §16. */

/** `value` is below 2^53. @returns where the next byte goes */
export function writeVarint(view: DataView, at: number, value: number): number {
  if (value < 0x40) {
    view.setUint8(at, value);
    return at + 1;
  }
  if (value < 0x4000) {
    view.setUint16(at, 0x4000 | value);
    return at + 2;
  }
  if (value < 0x4000_0000) {
    view.setUint32(at, (0x8000_0000 | value) >>> 0);
    return at + 4;
  }
  view.setUint32(at, (0xc000_0000 | Math.floor(value / 0x1_0000_0000)) >>> 0);
  view.setUint32(at + 4, value >>> 0);
  return at + 8;
}

/** Reads numbers one after the other. */
export class VarintReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  /** @throws Failure 'malformed' */
  varint(): number {
    if (this.left < 1) throw malformed('a frame cut short');
    const width = 1 << (this.#view.getUint8(this.#at) >> 6);
    if (this.left < width) throw malformed('a frame cut short');
    let value = this.#view.getUint8(this.#at) & 0x3f;
    for (let i = 1; i < width; i++) value = value * 256 + this.#view.getUint8(this.#at + i);
    if (!Number.isSafeInteger(value)) throw malformed('a number beyond 2^53');
    this.#at += width;
    return value;
  }
}
