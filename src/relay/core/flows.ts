import { viewOf } from '../../wire/datagrams/header.js';
import { DATAGRAM_MAX_BYTES } from '../../wire/limits.js';
import type { RelayCounters } from './counters.js';
import type { RelayLimits } from './limits.js';
import type { Pace } from './quotas.js';

/**
 * What waits to be sent on: a queue for each device that sends to another, served by deficit round robin (Shreedhar and
 * Varghese, 1995). Who sends much fills its own queue, and one who says a word waits for one piece of each of the others.
 */

/** As many datagrams as one system call sends (transfer/protocol/datagram-batch.ts). */
const PIECE_DATAGRAMS = 64;
const LARGE_BYTES = 1 << 16;
const SMALL_BYTES = 2_048;
/** A piece takes no longer than this at the rate of the relay: so long the others wait for it. */
const PIECE_MS = 1;
/** Memory that is kept for the next pieces. */
const KEPT_PIECES = 64;

/** Datagrams of one size (the last may be shorter), one after another. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly segment: number;
  length: number;
}

/** One device's datagrams for another. */
export class Flow<Owner> {
  /** Who sends it. */
  readonly owner: Owner;
  readonly paces: readonly Pace[];
  readonly pieces: Piece[] = [];
  /** Memory that its pieces take. */
  held = 0;
  deficit = 0;
  /** In the round of those that have something. */
  active = false;

  constructor(owner: Owner, paces: readonly Pace[]) {
    this.owner = owner;
    this.paces = paces;
  }
}

export interface Served<Owner> {
  readonly from: Owner;
  readonly piece: Piece;
}

export class Flows<Owner> {
  readonly #limits: RelayLimits;
  readonly #counters: RelayCounters;
  readonly #pace: Pace;
  readonly #pool: Piece['bytes'][] = [];
  /** Bytes of a piece, and of a turn of each queue. */
  readonly #quantum: number;
  #round: Flow<Owner>[] = [];
  #nextAt = Number.POSITIVE_INFINITY;

  constructor(limits: RelayLimits, counters: RelayCounters, pace: Pace) {
    this.#limits = limits;
    this.#counters = counters;
    this.#pace = pace;
    this.#quantum = Math.max(SMALL_BYTES, Math.min(LARGE_BYTES, (limits.relayRate * PIECE_MS) / 1_000));
  }

  get waiting(): boolean {
    return this.#round.length > 0;
  }

  /** When `next` is worth a try again, after it gave nothing. */
  get nextAt(): number {
    return this.#round.length === 0 ? Number.POSITIVE_INFINITY : this.#nextAt;
  }

  /**
   * Whether so many bytes find room. A queue holds no more than what is free for all (Choudhury and Hahne, 1998): so there is
   * room for one that is empty, however many are full.
   */
  hasRoom(flow: Flow<Owner>, bytes: number): boolean {
    const { queued, queuedPerFlow } = this.#limits;
    const free = queued - this.#counters.queued;
    return flow.held + bytes <= Math.min(queuedPerFlow, free);
  }

  /**
   * Takes in datagrams of one size (the last may be shorter), one after another.
   * @param written is told where each of them lies now
   */
  push(
    flow: Flow<Owner>,
    bytes: Uint8Array,
    from: number,
    end: number,
    segment: number,
    written: (view: DataView, at: number) => void,
  ): void {
    for (let at = from; at < end; ) {
      const first = Math.min(segment, end - at);
      const piece = this.#pieceFor(flow, first, segment, end - at);
      const room = Math.min(this.#roomIn(piece), PIECE_DATAGRAMS * segment - piece.length);
      const take = Math.min(Math.max(first, Math.floor(room / segment) * segment), end - at);
      piece.bytes.set(bytes.subarray(at, at + take), piece.length);
      for (let i = 0; i < take; i += segment) written(piece.view, piece.length + i);
      piece.length += take;
      at += take;
    }
    if (flow.active) return;
    flow.active = true;
    flow.deficit = this.#quantum;
    this.#round.push(flow);
  }

  #pieceFor(flow: Flow<Owner>, first: number, segment: number, all: number): Piece {
    const last = flow.pieces.at(-1);
    const isMore = last !== undefined && last.segment === segment && last.length % segment === 0;
    if (isMore && first <= this.#roomIn(last) && last.length < PIECE_DATAGRAMS * segment) return last;
    const isSmall = all <= SMALL_BYTES && !isMore;
    const bytes = isSmall ? new Uint8Array(SMALL_BYTES) : (this.#pool.pop() ?? new Uint8Array(LARGE_BYTES));
    const piece = { bytes, view: viewOf(bytes), segment, length: 0 };
    flow.pieces.push(piece);
    flow.held += bytes.length;
    this.#counters.queued += bytes.length;
    return piece;
  }

  #roomIn({ bytes, length }: Piece): number {
    return Math.min(bytes.length, this.#quantum, DATAGRAM_MAX_BYTES) - length;
  }

  /** The next to be sent, whose turn it is; undefined where there is none, or none that may go now. Give it back by `release`. */
  next(now: number): Served<Owner> | undefined {
    if (this.#pace.readyAt > now) {
      this.#nextAt = this.#pace.readyAt;
      return undefined;
    }
    this.#nextAt = Number.POSITIVE_INFINITY;
    const turns = 2 + LARGE_BYTES / this.#quantum;
    for (let tries = this.#round.length * turns; tries > 0; tries--) {
      const flow = this.#round[0];
      if (flow === undefined) return undefined;
      const piece = flow.pieces[0];
      if (piece === undefined) {
        this.#leave(flow);
        continue;
      }
      const readyAt = Math.max(0, ...flow.paces.map((pace) => pace.readyAt));
      if (readyAt > now) {
        this.#nextAt = Math.min(this.#nextAt, readyAt);
        this.#rotate();
        continue;
      }
      if (flow.deficit < piece.length) {
        flow.deficit += this.#quantum;
        this.#rotate();
        continue;
      }
      return this.#take(flow, piece, now);
    }
    return undefined;
  }

  #take(flow: Flow<Owner>, piece: Piece, now: number): Served<Owner> {
    flow.pieces.shift();
    flow.deficit -= piece.length;
    flow.held -= piece.bytes.length;
    this.#counters.queued -= piece.bytes.length;
    for (const pace of [this.#pace, ...flow.paces]) pace.spend(piece.length, now);
    if (flow.pieces.length === 0) this.#leave(flow);
    return { from: flow.owner, piece };
  }

  #rotate(): void {
    this.#round.push(this.#round.shift()!);
  }

  #leave(flow: Flow<Owner>): void {
    flow.active = false;
    flow.deficit = 0;
    this.#round = this.#round.filter((one) => one !== flow);
  }

  /** Its memory serves for others. */
  release({ bytes }: Piece): void {
    if (bytes.length === LARGE_BYTES && this.#pool.length < KEPT_PIECES) this.#pool.push(bytes);
  }

  /** Nobody is there to receive it any more. */
  drop(flow: Flow<Owner>): void {
    this.#counters.queued -= flow.held;
    for (const piece of flow.pieces.splice(0)) this.release(piece);
    flow.held = 0;
    if (flow.active) this.#leave(flow);
  }
}
