import { releaseBuffer } from '../../base/release-buffer.js';
import type { Range } from '../../wire/datagrams/control.js';
import { TAG_BYTES } from '../../wire/datagrams/handshake.js';
import { blockCount, contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import { type SealedBlock, sealBlock } from './keys.js';
import { RangeSet } from './range-set.js';

/** Where content comes from. */
export interface BlockSource {
  /**
   * Plaintext of a block: its content, then its path in the hash tree where the manifest has a root. Valid until the next call.
   * @throws Failure where the file changed or cannot be read
   */
  read(block: number): Uint8Array;
}

/** Part of a sealed block, to be sent in one datagram. */
export interface Slice {
  readonly block: number;
  readonly generation: number;
  readonly offset: number;
  readonly length: number;
}

interface OpenBlock {
  readonly index: number;
  readonly generation: number;
  readonly sealed: SealedBlock;
  readonly length: number;
  /** Sent at least once up to here. */
  cursor: number;
  readonly acked: RangeSet;
}

const FRESH = 0;
const OPEN = 1;
const DELIVERED = 2;

/** A block refused this often is broken at its source. */
const MAX_GENERATIONS = 200;

/** Which slice goes out next: what was lost first, then what the receiver wants, in its order. Holds sealed blocks until acknowledged. */
export class BlockScheduler {
  readonly #key: Uint8Array;
  readonly #source: BlockSource;
  readonly #window: number;
  readonly #state: Uint8Array;
  readonly #generation: Uint8Array;
  readonly #open = new Map<number, OpenBlock>();
  #current: OpenBlock | undefined;
  #last: OpenBlock | undefined;
  #wanted: { at: number; readonly end: number }[] = [];
  #lost: Slice[] = [];
  #lostAt = 0;
  #openBytes = 0;
  #delivered = 0;
  #wantedAtFirst: number | undefined;

  /** @param window bytes of sealed blocks held at most: what the receiver can hold of unfinished ones */
  constructor(
    key: Uint8Array,
    readonly manifest: Manifest,
    source: BlockSource,
    window: number,
  ) {
    this.#key = key;
    this.#source = source;
    this.#window = window;
    const count = blockCount(manifest);
    this.#state = new Uint8Array(count);
    this.#generation = new Uint8Array(count);
  }

  get openBytes(): number {
    return this.#openBytes;
  }

  /** What the receiver did not ask for in its first list it had before. */
  get bytesThere(): number {
    const { manifest } = this;
    const missing = this.#wantedAtFirst === undefined ? this.#state.length : this.#wantedAtFirst - this.#delivered;
    return Math.max(0, contentBytes(manifest) - missing * manifest.block);
  }

  want(ranges: readonly Range[]): void {
    const count = this.#state.length;
    this.#wantedAtFirst ??= ranges.reduce((sum, { first, end }) => sum + Math.max(0, Math.min(end, count) - first), 0);
    this.#wanted = ranges.map(({ first, end }) => ({ at: first, end: Math.min(end, count) }));
  }

  /** The receiver could not open the block as it was sealed: it is read and sealed anew. @returns false after too many times */
  reject(block: number, generation: number): boolean {
    if (this.#generation[block] !== generation || this.#state[block] === FRESH) return true;
    if (generation >= MAX_GENERATIONS) return false;
    const open = this.#open.get(block);
    if (open !== undefined) this.#forget(open);
    else this.#delivered--;
    if (this.#current?.index === block) this.#current = undefined;
    this.#state[block] = FRESH;
    this.#generation[block] = generation + 1;
    this.#wanted.unshift({ at: block, end: block + 1 });
    return true;
  }

  /** Whether `next` would give something now. */
  get ready(): boolean {
    return this.#pruneLost() || this.#current !== undefined || (this.#hasRoom() && this.#nextWanted() >= 0);
  }

  /** Nothing that was asked for is left to send or to be acknowledged. */
  get idle(): boolean {
    return this.#open.size === 0 && this.#nextWanted() < 0;
  }

  /** At most `room` bytes, or null. What was given counts as sent. */
  next(room: number): Slice | null {
    if (this.#pruneLost()) return this.#nextLost(room);
    this.#current ??= this.#openNext();
    const open = this.#current;
    if (open === undefined) return null;
    const length = Math.min(room, open.length - open.cursor);
    const slice = { block: open.index, generation: open.generation, offset: open.cursor, length };
    open.cursor += length;
    if (open.cursor === open.length) this.#current = undefined;
    return slice;
  }

  /** Bytes that `next` could give without a gap: those of the block it is in. */
  copy(slice: Slice, target: Uint8Array, at: number): void {
    const { body, tag } = this.#openBlock(slice.block)!.sealed;
    const end = slice.offset + slice.length;
    if (end <= body.length) {
      target.set(body.subarray(slice.offset, end), at);
      return;
    }
    if (slice.offset < body.length) target.set(body.subarray(slice.offset), at);
    const inTag = Math.max(0, slice.offset - body.length);
    target.set(tag.subarray(inTag, end - body.length), at + Math.max(0, body.length - slice.offset));
  }

  /** Mostly asked for the same one as before. */
  #openBlock(block: number): OpenBlock | undefined {
    if (this.#last?.index !== block) this.#last = this.#open.get(block);
    return this.#last;
  }

  onAcked(block: number, generation: number, offset: number, length: number): void {
    const open = this.#openBlock(block);
    if (open === undefined || open.generation !== generation) return;
    open.acked.add(offset, offset + length);
    if (open.acked.size < open.length) return;
    this.#forget(open);
    this.#state[block] = DELIVERED;
    this.#delivered++;
  }

  onLost(block: number, generation: number, offset: number, length: number): void {
    const open = this.#open.get(block);
    if (open === undefined || open.generation !== generation || open.acked.covers(offset, offset + length)) return;
    this.#lost.push({ block, generation, offset, length });
  }

  #nextLost(room: number): Slice {
    const slice = this.#lost[this.#lostAt]!;
    if (slice.length <= room) {
      this.#lostAt++;
      return slice;
    }
    this.#lost[this.#lostAt] = { ...slice, offset: slice.offset + room, length: slice.length - room };
    return { ...slice, length: room };
  }

  /** Drops from the front what was acknowledged meanwhile. @returns whether something lost is left */
  #pruneLost(): boolean {
    if (this.#lost.length === 0) return false;
    for (; this.#lostAt < this.#lost.length; this.#lostAt++) {
      const { block, generation, offset, length } = this.#lost[this.#lostAt]!;
      const open = this.#open.get(block);
      if (open?.generation === generation && !open.acked.covers(offset, offset + length)) return true;
    }
    this.#lost.length = 0;
    this.#lostAt = 0;
    return false;
  }

  #forget(open: OpenBlock): void {
    this.#open.delete(open.index);
    if (this.#last === open) this.#last = undefined;
    this.#openBytes -= open.length;
    releaseBuffer(open.sealed.body);
  }

  #hasRoom(): boolean {
    return this.#openBytes < this.#window;
  }

  #nextWanted(): number {
    for (let range = this.#wanted[0]; range !== undefined; range = this.#wanted[0]) {
      while (range.at < range.end && this.#state[range.at] !== FRESH) range.at++;
      if (range.at < range.end) return range.at;
      this.#wanted.shift();
    }
    return -1;
  }

  #openNext(): OpenBlock | undefined {
    if (!this.#hasRoom()) return undefined;
    const index = this.#nextWanted();
    if (index < 0) return undefined;
    const generation = this.#generation[index]!;
    const plain = this.#source.read(index);
    const sealed = sealBlock(this.#key, index, generation, plain);
    const length = plain.length + TAG_BYTES;
    const open = { index, generation, sealed, length, cursor: 0, acked: new RangeSet() };
    this.#open.set(index, open);
    this.#openBytes += length;
    this.#state[index] = OPEN;
    return open;
  }
}
