import type { TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../../base/clock.js';
import { type Failure, toFailure } from '../../base/errors.js';
import { OUTLETS, Outlet } from '../../net/outlet.js';
import type { directoryMethods } from '../../wire/directory.js';
import type { MethodName, MethodTable, NoticeTable } from '../../wire/rpc.js';
import { Session, type SessionInit } from '../../wire/session.js';
import type { DirectoryLimits } from '../limits.js';
import type { FairQueue } from './fair-queue.js';
import { RequestReader } from './request-reader.js';

export interface ChannelInit<S extends MethodTable>
  extends Pick<SessionInit<S, NoNotices, NoMethods>, 'serves' | 'serve'> {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly limits: DirectoryLimits;
  /** Of all channels. */
  readonly turns: FairQueue;
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
 * A session on an accepted TLS socket. A reader that takes nothing, or too little, is cut off and catches up later.
 */
export class ServerChannel<S extends MethodTable, T extends NoticeTable> {
  readonly session: Session<S, NoNotices, NoMethods, T>;
  readonly #init: ChannelInit<S>;
  readonly #outlet: Outlet;
  /** Settles when the last answer that may be large is written. */
  #largeDone: Promise<unknown> = Promise.resolve();
  #closed = false;
  #ending = false;
  #deaf = false;
  #cancelLinger: Cancel = () => {};
  readonly #reader: RequestReader;

  constructor(init: ChannelInit<S>) {
    this.#init = init;
    const { socket, clock, serves, turns } = init;
    this.#outlet = new Outlet('directory connection', {
      ...{ clock, socket, onStuck: () => process.nextTick(() => this.destroy()) },
      onRoom: () => {
        this.#reader.again();
        init.onDrained?.();
      },
      bounds: {
        ...OUTLETS['directory connection'],
        ...{ bytes: init.limits.sendBuffer, roomBelow: init.limits.pushBuffer },
        stalledAfter: init.limits.stalledAfter,
      },
    });
    this.session = new Session<S, NoNotices, NoMethods, T>({
      clock,
      serves,
      serve: (method, params) => this.#serve(method, params),
      hears: {},
      calls: {},
      hear: () => {},
      send: (frame) => this.#outlet.write(frame),
    });
    this.#reader = new RequestReader({
      ...{ clock, turns, pace: init.limits.requests, session: this.session },
      hasRoom: () => this.#outlet.hasRoom,
      read: (on) => this.#read(on),
      onBroken: () => this.destroy(),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#reader.receive(chunk));
    socket.on('end', () => this.#finish());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a push may still be written: what waits for the reader is little enough. */
  get hasRoom(): boolean {
    return !this.#ending && this.#outlet.hasRoom;
  }

  /** Bytes written which the reader has not taken. */
  get unsent(): number {
    return this.#outlet.waiting;
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
    this.#cancelLinger();
    this.#reader.stop();
    this.session.close(gone());
    this.#init.socket.destroy();
    this.#init.onClosed();
  }

  /** Reads nothing more. */
  deafen(): void {
    this.#deaf = true;
    this.#reader.stop();
    this.#init.socket.pause();
  }

  #read(on: boolean): void {
    const { socket } = this.#init;
    if (!on) socket.pause();
    else if (!this.#deaf || this.#ending) socket.resume();
  }

  /** Looks whether the other side lives; called about once a second. */
  check(now: number): void {
    const { limits } = this.#init;
    const silence = this.#reader.isReading ? now - this.session.heardAt : 0;
    if (silence >= limits.lostAfter) this.destroy();
    else if (silence >= limits.pingAfter) this.session.ping();
  }

  #finish(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#outlet.end();
    // A socket that isn't read never hears that the other side has closed too.
    this.#init.socket.resume();
    this.#cancelLinger = this.#init.clock.after(LINGER_MS, () => this.destroy());
  }

  /** Answers that may be large are made one after another, each when there is room for it. */
  #serve(method: MethodName<S>, params: never): Promise<unknown> {
    const { serve } = this.#init;
    if (!LARGE_ANSWERS.has(method)) return serve(method, params);
    const answered = this.#largeDone.then(async () => {
      await new Promise<void>((resolve) => this.#outlet.whenRoom(resolve));
      if (this.#closed) throw gone();
      return serve(method, params);
    });
    // The answer leaves in the turn in which it is made; then the next looks for room.
    this.#largeDone = answered.catch(() => {}).then(() => new Promise((resolve) => setImmediate(resolve)));
    return answered;
  }
}

/** Requests that answer with pages, trees or blocks: up to a frame each. */
const LARGE_ANSWERS: ReadonlySet<string> = new Set<MethodName<typeof directoryMethods>>([
  ...(['mailbox.read', 'group.read', 'groups.read', 'groups.acts', 'groups.info', 'groups.welcome'] as const),
  ...(['uploads.get', 'deposits.get', 'uploads.list', 'ledger.read', 'groups.list', 'users.list'] as const),
]);

const gone = (): Failure => toFailure(new Error('the channel is closed'));
