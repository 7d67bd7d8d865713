import type { Writable } from 'node:stream';
import type { Cancel, Clock } from '../base/clock.js';
import { Failure } from '../base/errors.js';

export interface OutletBounds {
  /** What may wait for the other side to read. An empty queue takes one message of any size. */
  readonly bytes: number;
  readonly messages: number;
  /** Below it there is room for more that needn't leave now. */
  readonly roomBelow: number;
  /** While something waits, so much time may pass in which nothing leaves. */
  readonly stalledAfter: number;
}

/**
 * Every queue of this program that somebody else fills by not reading: a socket is written to by an Outlet of one of these
 * names, or is in the list of test/net/outlets.test.ts with the reason why it needs none.
 */
export const OUTLETS = {
  /** To a device of another person, or of ours. */
  'peer link': { bytes: 3 << 20, messages: 4_096, roomBelow: 256 << 10, stalledAfter: 15_000 },
  /** To the directory, from a device. */
  'directory channel': { bytes: 3 << 20, messages: 4_096, roomBelow: 512 << 10, stalledAfter: 15_000 },
  /** To a device or a newcomer, from the directory; its operator may choose other numbers. */
  'directory connection': { bytes: 3 << 20, messages: 16_384, roomBelow: 1 << 20, stalledAfter: 15_000 },
  /** To a transfer's other side, where UDP does not get through. */
  'transfer stream': { bytes: 3 << 20, messages: 8_192, roomBelow: 1 << 20, stalledAfter: 15_000 },
  /** To a program of the same user, a message at a time. It may be stopped by hand for a while and holds up nobody. */
  'control caller': { bytes: 3 << 20, messages: 4_096, roomBelow: 1, stalledAfter: 600_000 },
  /** From a command to the program of the same user that has the profile open. */
  'control client': { bytes: 3 << 20, messages: 4_096, roomBelow: 1, stalledAfter: 600_000 },
} as const satisfies Record<string, OutletBounds>;

export type OutletName = keyof typeof OUTLETS;

export interface OutletInit {
  readonly clock: Clock;
  readonly socket: Writable;
  /** The other side doesn't read, or not fast enough for what it asks for: the connection must end. Called once. */
  onStuck(why: Failure): void;
  /** There is room again after there was none. */
  onRoom?(): void;
  readonly bounds?: OutletBounds;
}

interface Message {
  readonly bytes: Uint8Array;
  readonly left?: () => void;
}

/** Handed to the socket at once: so little that a slow reader is seen to read. */
const PIECE_BYTES = 64 << 10;
/** Time is counted in parts of the allowed one: a process that was stopped has not been waiting for anybody. */
const TICKS = 8;

/**
 * What waits to be read by somebody else: bounded in bytes, messages and time. Beyond them it is dropped, and the owner ends
 * the connection. Messages written in one turn leave in one piece.
 */
export class Outlet {
  readonly #init: OutletInit;
  readonly #bounds: OutletBounds;
  readonly #name: OutletName;
  readonly #queue: Message[] = [];
  /** What of the first message has gone to the socket already. */
  #offset = 0;
  #queued = 0;
  /** The piece that the socket has. */
  #leaving = 0;
  #leavingLeft: readonly (() => void)[] = [];
  #scheduled = false;
  #wasFull = false;
  readonly #whenRoom: (() => void)[] = [];
  #still = 0;
  #cancelTick: Cancel | undefined;
  #over = false;
  #ending = false;

  constructor(name: OutletName, init: OutletInit) {
    this.#name = name;
    this.#init = init;
    this.#bounds = init.bounds ?? OUTLETS[name];
    init.socket.on('close', () => this.drop());
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#queued + this.#leaving;
  }

  get hasRoom(): boolean {
    return !this.#isFull && this.#whenRoom.length === 0;
  }

  get #isFull(): boolean {
    const { roomBelow, messages } = this.#bounds;
    return this.waiting >= roomBelow || this.#queue.length >= messages / 2;
  }

  /** @param left called when the last of it has been taken, or the connection is over */
  write(bytes: Uint8Array, left?: () => void): void {
    if (this.#over || this.#ending || bytes.length === 0) {
      left?.();
      return;
    }
    const isTooMuch = this.waiting > 0 && this.waiting + bytes.length > this.#bounds.bytes;
    if (isTooMuch || this.#queue.length >= this.#bounds.messages) {
      this.#stuck();
      left?.();
      return;
    }
    this.#queue.push({ bytes, ...(left && { left }) });
    this.#queued += bytes.length;
    this.#wasFull ||= this.#isFull;
    this.#watch();
    this.#schedule();
  }

  /** Runs at once, or when there is room, in the order they came; also when the connection is over. */
  whenRoom(run: () => void): void {
    if (this.#over || this.hasRoom) run();
    else this.#whenRoom.push(run);
  }

  /** Writes when there is room; resolves when it has left, or the connection is over. */
  offer(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.whenRoom(() => this.write(bytes, resolve));
    });
  }

  /** Takes no more; closes the socket's writing side when what waits has left. */
  end(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.waiting === 0) this.#init.socket.end();
  }

  /** Forgets what waits. */
  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTick?.();
    const left = [...this.#leavingLeft, ...this.#queue.flatMap((message) => message.left ?? [])];
    this.#queue.length = 0;
    this.#queued = 0;
    for (const each of left) each();
    for (const run of this.#whenRoom.splice(0)) run();
  }

  #schedule(): void {
    if (this.#scheduled || this.#leaving > 0) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const { socket } = this.#init;
    if (this.#over || this.#queue.length === 0 || !socket.writable) return;
    const { piece, left } = this.#nextPiece();
    this.#leaving = piece.length;
    this.#leavingLeft = left;
    socket.write(piece, (error) => {
      this.#leaving = 0;
      this.#leavingLeft = [];
      if (error || this.#over) return;
      this.#still = 0;
      for (const each of left) each();
      this.#room();
      if (this.#queue.length > 0) this.#send();
      else if (this.#ending) socket.end();
    });
  }

  #nextPiece(): { piece: Uint8Array; left: (() => void)[] } {
    const parts: Uint8Array[] = [];
    const left: (() => void)[] = [];
    let length = 0;
    while (length < PIECE_BYTES && this.#queue.length > 0) {
      const { bytes, left: whenLeft } = this.#queue[0]!;
      const part = bytes.subarray(this.#offset, this.#offset + PIECE_BYTES - length);
      parts.push(part);
      length += part.length;
      this.#offset += part.length;
      if (this.#offset < bytes.length) break;
      this.#queue.shift();
      this.#offset = 0;
      if (whenLeft) left.push(whenLeft);
    }
    this.#queued -= length;
    return { piece: parts.length === 1 ? parts[0]! : Buffer.concat(parts), left };
  }

  #room(): void {
    while (this.#whenRoom.length > 0 && !this.#isFull) this.#whenRoom.shift()!();
    if (!this.#wasFull || !this.hasRoom) return;
    this.#wasFull = false;
    this.#init.onRoom?.();
  }

  #watch(): void {
    if (this.#cancelTick !== undefined) return;
    this.#still = 0;
    const tick = (): void => {
      this.#cancelTick = undefined;
      if (this.#over || this.waiting === 0) return;
      if (++this.#still > TICKS) this.#stuck();
      else again();
    };
    const again = (): void => {
      this.#cancelTick = this.#init.clock.after(this.#bounds.stalledAfter / TICKS, tick);
    };
    again();
  }

  #stuck(): void {
    this.drop();
    this.#init.onStuck(
      new Failure('reader-stalled', `the other side of a ${this.#name} does not read what it is sent`),
    );
  }
}
