import type { Cancel, Clock } from '../../base/clock.js';
import { TokenBucket } from '../guard/token-bucket.js';
import type { Bucket } from '../limits.js';
import type { FairQueue, Waiting } from './fair-queue.js';

export interface RequestReaderInit {
  readonly clock: Clock;
  readonly turns: FairQueue;
  /** What one channel may say; beyond, it is heard more slowly. */
  readonly pace: Bucket;
  readonly session: {
    hold(chunk: Uint8Array): void;
    take(): number | undefined;
    heardAt: number;
  };
  /** Whether answers may be added to what waits for the other side to read. */
  hasRoom(): boolean;
  /** The socket is to be read, or not. */
  read(on: boolean): void;
  /** What came is what no honest device sends. */
  onBroken(): void;
}

/** So much is taken in at once; then the others have their turn. */
const PART = 8;
/** A message costs one, and one more for so many bytes of it. */
const BYTES_PER_COST = 1 << 16;

/**
 * Takes in what one channel says, a part at a time. While something waits, or more was said than the pace allows, the socket
 * is not read: so what waits here is no more than one read of it, and the rest fills the memory of who said it.
 */
export class RequestReader implements Waiting {
  readonly #init: RequestReaderInit;
  readonly #pace: TokenBucket;
  #reading = true;
  #stopped = false;
  #cancelWait: Cancel = () => {};
  /** Nothing is taken until there is room for the answers. */
  #held = false;

  constructor(init: RequestReaderInit) {
    this.#init = init;
    this.#pace = new TokenBucket(init.pace);
  }

  /** Whether the other side is heard: while it is not, its silence is ours. */
  get isReading(): boolean {
    return this.#reading;
  }

  receive(chunk: Uint8Array): void {
    this.#init.session.hold(chunk);
    if (this.#reading && this.serve()) this.#init.turns.add(this);
  }

  /** There is room for answers again. */
  again(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#init.turns.add(this);
  }

  /** Takes nothing more, what is held included. */
  stop(): void {
    this.#stopped = true;
    this.#cancelWait();
  }

  serve(): boolean {
    try {
      return !this.#stopped && this.#part();
    } catch {
      this.#stopped = true;
      this.#init.onBroken();
      return false;
    }
  }

  #part(): boolean {
    const { session, clock, hasRoom } = this.#init;
    let cost = 0;
    let bytes: number | undefined = 0;
    while (cost < PART) {
      this.#held = !hasRoom();
      if (this.#held) break;
      bytes = session.take();
      if (bytes === undefined) break;
      cost += 1 + Math.floor(bytes / BYTES_PER_COST);
    }
    const wait = this.#pace.owe(clock.monotonic(), cost);
    const isDone = wait === 0 && bytes === undefined && !this.#held;
    this.#read(isDone);
    if (this.#held) return false;
    if (wait === 0) return !isDone;
    this.#cancelWait = clock.after(wait, () => this.#init.turns.add(this));
    return false;
  }

  #read(on: boolean): void {
    if (on === this.#reading) return;
    this.#reading = on;
    if (on) this.#init.session.heardAt = this.#init.clock.monotonic();
    this.#init.read(on);
  }
}
