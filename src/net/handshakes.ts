import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';

/** So many at once, so many more each second. */
export interface Pace {
  readonly burst: number;
  readonly perSecond: number;
}

export interface HandshakesInit {
  readonly clock: Clock;
  /** Of one address; beyond, it waits. */
  readonly pace: Pace;
  /** Takes in the hello that has come: half a millisecond of the processor. */
  start(socket: Socket): void;
  /** Calls back when everybody else had an occasion to be heard. */
  readonly later?: (run: () => void) => void;
}

/** Addresses whose pace is remembered. */
const PACED_ADDRESSES = 20_000;

/**
 * In which order hellos are answered: one a turn of the event loop, the addresses in rotation, each at its pace. A flood from
 * one address stands in its own queue, and whoever else comes is next.
 */
export class Handshakes {
  readonly #init: HandshakesInit;
  readonly #later: (run: () => void) => void;
  /** In order of their turns. */
  readonly #queues = new Map<string, Set<Socket>>();
  /** Those that have said too much, until their time comes. */
  readonly #resting = new Map<string, Set<Socket>>();
  /** When all that an address has had is paid for (the generic cell rate algorithm), monotonic. */
  readonly #paidAt = new Map<string, number>();
  #scheduled = false;

  constructor(init: HandshakesInit) {
    this.#init = init;
    this.#later = init.later ?? setImmediate;
  }

  /** A hello has come, or the beginning of one. */
  add(key: string, socket: Socket): void {
    const resting = this.#resting.get(key);
    const queue = resting ?? this.#queues.get(key) ?? new Set();
    queue.add(socket);
    socket.once('close', () => queue.delete(socket));
    if (resting !== undefined) return;
    this.#queues.set(key, queue);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#queues.size === 0) return;
    this.#scheduled = true;
    this.#later(() => {
      this.#scheduled = false;
      this.#turn();
      this.#schedule();
    });
  }

  #turn(): void {
    for (const [key, queue] of this.#queues) {
      this.#queues.delete(key);
      const [socket] = queue;
      if (socket === undefined) continue;
      const wait = this.#pay(key);
      if (wait > 0) {
        this.#rest(key, queue, wait);
        continue;
      }
      queue.delete(socket);
      if (queue.size > 0) this.#queues.set(key, queue);
      this.#init.start(socket);
      return;
    }
  }

  #rest(key: string, queue: Set<Socket>, wait: number): void {
    this.#resting.set(key, queue);
    this.#init.clock.after(wait, () => {
      this.#resting.delete(key);
      if (queue.size > 0) this.#queues.set(key, queue);
      this.#schedule();
    });
  }

  /** @returns 0 where one more is within the pace, and counted; else milliseconds to wait */
  #pay(key: string): number {
    const { clock, pace } = this.#init;
    const now = clock.monotonic();
    const each = 1000 / pace.perSecond;
    const paidAt = Math.max(now, this.#paidAt.get(key) ?? 0);
    const wait = paidAt - now - (pace.burst - 1) * each;
    if (wait > 0) return Math.ceil(wait);
    this.#paidAt.delete(key);
    if (this.#paidAt.size >= PACED_ADDRESSES) this.#forget(now);
    this.#paidAt.set(key, paidAt + each);
    return 0;
  }

  /** Those that owe nothing, or else who was here longest ago. */
  #forget(now: number): void {
    for (const [key, paidAt] of this.#paidAt) if (paidAt <= now) this.#paidAt.delete(key);
    if (this.#paidAt.size >= PACED_ADDRESSES) this.#paidAt.delete(this.#paidAt.keys().next().value!);
  }
}
