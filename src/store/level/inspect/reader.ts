import { damaged } from '../../failures.js';

/** Reads LevelDB's numbers and slices (util/coding.h); throws `store-damaged` past the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at: number;

  constructor(bytes: Uint8Array, what: string, at = 0) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.#short();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw this.#short();
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.#short();
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return slice;
  }

  slice(): Uint8Array {
    return this.bytes(this.varint());
  }

  #short(): Error {
    return damaged(`${this.#what} ends too early`);
  }
}
