import { RangeSet } from '../../transfer/protocol/range-set.js';
import type { Range } from '../../wire/datagrams/control.js';

/** A piece of the stream, to be sent. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export const rangeOf = ({ offset, bytes }: Piece): Range => ({ first: offset, end: offset + bytes.length });

/** Bytes on their way: kept until they are acknowledged, and sent again where they are lost. */
export class SendStream {
  #chunks: Uint8Array[] = [];
  /** Offset of the first byte that is kept, of the first that was never sent, and of the end of what was written. */
  #base = 0;
  #next = 0;
  #written = 0;
  /** Up to which the other side takes them. */
  #limit: number;
  #lost: Range[] = [];
  readonly #acked = new RangeSet();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are not acknowledged. */
  get held(): number {
    return this.#written - this.#base;
  }

  get written(): number {
    return this.#written;
  }

  get allSent(): boolean {
    return this.#next === this.#written;
  }

  get hasSome(): boolean {
    return this.#lost.length > 0 || this.#next < Math.min(this.#written, this.#limit);
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#written += bytes.length;
  }

  onRoom(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
  }

  /** What is to be sent next, what was lost before what is new; undefined where there is nothing. */
  take(most: number): Piece | undefined {
    while (this.#lost.length > 0) {
      const { first, end } = this.#lost[0]!;
      const [missing] = this.#acked.missing(first, end, 1);
      if (missing === undefined) {
        this.#lost.shift();
        continue;
      }
      const to = Math.min(missing.end, missing.first + most);
      if (to === end) this.#lost.shift();
      else this.#lost[0] = { first: to, end };
      return { offset: missing.first, bytes: this.#slice(missing.first, to) };
    }
    const to = Math.min(this.#written, this.#limit, this.#next + most);
    if (to <= this.#next) return undefined;
    const offset = this.#next;
    this.#next = to;
    return { offset, bytes: this.#slice(offset, to) };
  }

  /** Of that range what is still missing at the other side, to be sent by another path too. */
  again({ first, end }: Range): Piece | undefined {
    const [missing] = this.#acked.missing(first, end, 1);
    return missing && { offset: missing.first, bytes: this.#slice(missing.first, missing.end) };
  }

  onLost(range: Range): void {
    if (!this.#acked.covers(range.first, range.end)) this.#lost.push(range);
  }

  onAcked({ first, end }: Range): void {
    this.#acked.add(first, end);
    const [gap] = this.#acked.missing(0, this.#next, 1);
    this.#release(gap?.first ?? this.#next);
  }

  #release(to: number): void {
    let first = this.#chunks[0];
    while (first !== undefined && this.#base + first.length <= to) {
      this.#base += first.length;
      this.#chunks.shift();
      first = this.#chunks[0];
    }
  }

  #slice(first: number, end: number): Uint8Array {
    const out = new Uint8Array(end - first);
    let at = this.#base;
    for (const chunk of this.#chunks) {
      const [from, to] = [Math.max(first, at), Math.min(end, at + chunk.length)];
      if (from < to) out.set(chunk.subarray(from - at, to - at), from - first);
      at += chunk.length;
      if (at >= end) break;
    }
    return out;
  }
}
