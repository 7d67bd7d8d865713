import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { type Failure, toFailure } from '../../base/errors.js';
import type { MethodTable, NoticeTable } from '../../wire/rpc.js';
import { Session, type SessionInit } from '../../wire/session.js';
import type { DirectoryLimits } from '../limits.js';
import { Intake } from './intake.js';
import type { Turns } from './turns.js';

export interface ChannelInit<S extends MethodTable>
  extends Pick<SessionInit<S, NoNotices, NoMethods>, 'serves' | 'serve'> {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly limits: DirectoryLimits;
  /** Of all channels. */
  readonly turns: Turns;
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
  readonly #intake: Intake;
  /** Bytes that have left, as last looked at, and when that was. */
  #left = 0;
  #leftAt: number;

  constructor(init: ChannelInit<S>) {
    this.#init = init;
    const { socket, clock, serves, serve, turns } = init;
    this.#leftAt = clock.monotonic();
    this.session = new Session<S, NoNotices, NoMethods, T>({
      clock,
      serves,
      serve,
      hears: {},
      calls: {},
      hear: () => {},
      send: (frame) => this.#write(frame),
    });
    this.#intake = new Intake({
      ...{ clock, turns, pace: init.limits.requests, session: this.session },
      read: (on) => this.#read(on),
      onBroken: () => this.destroy(),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#intake.receive(chunk));
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
    this.#intake.stop();
    this.#init.socket.pause();
  }

  #read(on: boolean): void {
    const { socket } = this.#init;
    if (!on) socket.pause();
    else if (!this.#deaf || this.#ending) socket.resume();
  }

  /** Looks whether the other side lives and reads; called about once a second. */
  check(now: number): void {
    const { limits, socket } = this.#init;
    const left = socket.bytesWritten - socket.writableLength;
    if (left !== this.#left || socket.writableLength === 0) {
      this.#left = left;
      this.#leftAt = now;
    }
    const silence = this.#intake.isReading ? now - this.session.heardAt : 0;
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
