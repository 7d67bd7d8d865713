import { TUNNEL_ROOM_BYTES } from '../../wire/limits.js';

/** Room is told of again once so much of it was taken in. */
const TOLD_AFTER_BYTES = TUNNEL_ROOM_BYTES / 4;

/** Bytes as they come, put in order. It holds no more than the room that it gave. */
export class ReceiveStream {
  readonly #held = new Map<number, Uint8Array>();
  /** Offset of the next byte to be given out. */
  #next = 0;
  #consumed = 0;
  #told = TUNNEL_ROOM_BYTES;
  #end = Number.POSITIVE_INFINITY;
  #heldBytes = 0;

  /** All that the other side wrote has been given out. */
  get ended(): boolean {
    return this.#next === this.#end;
  }

  /** Up to which offset bytes are taken now. */
  get limit(): number {
    return this.#consumed + TUNNEL_ROOM_BYTES;
  }

  get shouldTell(): boolean {
    return this.limit - this.#told >= TOLD_AFTER_BYTES;
  }

  /** @returns the limit, as it is told to the other side now */
  tell(): number {
    this.#told = this.limit;
    return this.#told;
  }

  /** So many bytes were read by whoever they are for. */
  consume(bytes: number): void {
    this.#consumed += bytes;
  }

  onEnd(offset: number): void {
    this.#end = Math.min(this.#end, Math.max(offset, this.#next));
  }

  /** @returns what can be given out now, in order. What is beyond the room was not asked for, and is dropped. */
  take(offset: number, bytes: Uint8Array): Uint8Array[] {
    const end = offset + bytes.length;
    if (end <= this.#next || end > Math.min(this.limit, this.#end)) return [];
    this.#keep(offset, bytes);
    const out: Uint8Array[] = [];
    for (let found = this.#pop(); found !== undefined; found = this.#pop()) out.push(found);
    return out;
  }

  #keep(offset: number, bytes: Uint8Array): void {
    const known = this.#held.get(offset);
    if (known !== undefined && known.length >= bytes.length) return;
    // Pieces that overlap come of repeats: whoever makes more of them than the room holds is not followed.
    if (this.#heldBytes - (known?.length ?? 0) + bytes.length > 2 * TUNNEL_ROOM_BYTES) return;
    this.#heldBytes += bytes.length - (known?.length ?? 0);
    this.#held.set(offset, bytes);
  }

  /** The piece that holds the next byte, without what of it was given out before. */
  #pop(): Uint8Array | undefined {
    for (const [offset, bytes] of this.#held) {
      if (offset > this.#next) continue;
      this.#held.delete(offset);
      this.#heldBytes -= bytes.length;
      const from = this.#next - offset;
      if (from >= bytes.length) continue;
      this.#next = offset + bytes.length;
      return bytes.subarray(from);
    }
    return undefined;
  }
}
