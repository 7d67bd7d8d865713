import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { type Failure, toFailure } from '../../base/errors.js';
import type { MethodTable, NoticeTable } from '../../wire/rpc.js';
import { Session, type SessionInit } from '../../wire/session.js';
import { TokenBucket } from '../guard/buckets.js';
import type { DirectoryLimits } from '../limits.js';

export interface ChannelInit<S extends MethodTable>
  extends Pick<SessionInit<S, NoNotices, NoMethods>, 'serves' | 'serve'> {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly limits: DirectoryLimits;
  /** The last thing that happens, once. */
  onClosed(): void;
  /** There is room again for pushes that were held back. */
  onDrained?(): void;
}

type NoMethods = Record<never, never>;
type NoNotices = Record<never, never>;

/** How long a closing socket may take to let its last frames leave, milliseconds. */
const LINGER_MS = 2_000;

/**
 * A session on an accepted TLS socket. Frames written in one tick leave in one write; a reader that takes nothing, or too
 * little, is cut off and catches up later.
 */
export class ServerChannel<S extends MethodTable, T extends NoticeTable> {
  readonly session: Session<S, NoNotices, NoMethods, T>;
  readonly #init: ChannelInit<S>;
  #corked = false;
  #closed = false;
  #ending = false;
  #deaf = false;
  #paused = false;
  readonly #pace: TokenBucket;
  /** Bytes that have left, as last looked at, and when that was. */
  #left = 0;
  #leftAt: number;

  constructor(init: ChannelInit<S>) {
    this.#init = init;
    const { socket, clock, serves, serve } = init;
    this.#leftAt = clock.monotonic();
    this.#pace = new TokenBucket(init.limits.requests);
    this.session = new Session<S, NoNotices, NoMethods, T>({
      clock,
      serves,
      serve,
      hears: {},
      calls: {},
      hear: () => {},
      send: (frame) => this.#write(frame),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => init.onDrained?.());
    socket.on('end', () => this.#finish());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a push may still be written: what waits for the reader is little enough. */
  get hasRoom(): boolean {
    return !this.#ending && this.#init.socket.writableLength < this.#init.limits.pushBuffer;
  }

  /** Lets what is written leave, then closes. */
  end(why: Failure): void {
    if (this.#ending) return;
    this.session.close(why);
    this.#finish();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending = true;
    this.session.close(gone());
    this.#init.socket.destroy();
    this.#init.onClosed();
  }

  /** Reads nothing more. */
  deafen(): void {
    this.#deaf = true;
    this.#init.socket.pause();
  }

  /** Reads nothing for so long: whoever says too much is heard more slowly, and what waits fills his own memory. */
  #pause(ms: number): void {
    const { socket, clock } = this.#init;
    this.#paused = true;
    socket.pause();
    clock.after(ms, () => {
      // The silence was ours.
      this.#paused = false;
      this.session.heardAt = clock.monotonic();
      if (!this.#deaf || this.#ending) socket.resume();
    });
  }

  /** Looks whether the other side lives and reads; called about once a second. */
  check(now: number): void {
    const { limits, socket } = this.#init;
    const left = socket.bytesWritten - socket.writableLength;
    if (left !== this.#left || socket.writableLength === 0) {
      this.#left = left;
      this.#leftAt = now;
    }
    const silence = this.#paused ? 0 : now - this.session.heardAt;
    if (silence >= limits.lostAfter || now - this.#leftAt >= limits.stalledAfter) this.destroy();
    else if (silence >= limits.pingAfter) this.session.ping();
  }

  #finish(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#init.socket.end();
    // A socket that isn't read never hears that the other side has closed too.
    this.#init.socket.resume();
    this.#init.clock.after(LINGER_MS, () => this.destroy());
  }

  #receive(chunk: Uint8Array): void {
    try {
      const wait = this.#pace.owe(this.#init.clock.monotonic(), this.session.receive(chunk));
      if (wait > 0 && !this.#ending) this.#pause(wait);
    } catch {
      this.destroy();
    }
  }

  #write(frame: Uint8Array): void {
    const { socket, limits } = this.#init;
    if (this.#ending || !socket.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(frame);
    if (socket.writableLength > limits.sendBuffer) process.nextTick(() => this.destroy());
  }
}

const gone = (): Failure => toFailure(new Error('the channel is closed'));
