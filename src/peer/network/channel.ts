import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import { isOwnAddress } from '../../net/interfaces.js';
import { Outlet, type OutletName } from '../../net/outlet.js';
import { LOST_AFTER_MS, PING_AFTER_MS, SILENT_AFTER_MS } from '../../wire/limits.js';
import type { MethodName, MethodTable, NoticeTable, Params, Result } from '../../wire/rpc.js';
import { Session, type SessionInit } from '../../wire/session.js';

export const connectionLost = (who: string): Failure =>
  new Failure('connection-lost', `the connection to ${who} is lost`);

export interface ChannelInit<S extends MethodTable, H extends NoticeTable, C extends MethodTable>
  extends Omit<SessionInit<S, H, C>, 'send'> {
  readonly outlet: OutletName;
  /** The other side has not been heard for SILENT_AFTER_MS, or is heard again. */
  onSilence?(silent: boolean): void;
}

/** Silence is counted in ticks and not read off the clock: a process that was stopped for a while has not been silent to. */
const TICK_MS = 500;
/** Within so long, or several round trips, a channel has to show that it outlived a change of the network. */
const RECHECKED_MS = 1_500;
const RECHECKED_RTTS = 4;
const END_TIMEOUT_MS = 1_000;

/**
 * A session on a TLS socket that has been judged already. Sends pings when the other side is silent, and gives the
 * channel up when nothing comes back. Whoever doesn't read what is sent is not read either, and is cut off in the end.
 */
export class Channel<S extends MethodTable, H extends NoticeTable, C extends MethodTable, T extends NoticeTable> {
  readonly session: Session<S, H, C, T>;
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<Failure>;
  readonly socket: TLSSocket;
  readonly #clock: Clock;
  readonly #who: string;
  readonly #onSilence: ((silent: boolean) => void) | undefined;
  #settle!: (why: Failure) => void;
  readonly #outlet: Outlet;
  /** The socket is not read: what waits for the other side to read is much already. */
  #deaf = false;
  /** Of the last ping, in ms. */
  #rtt = 0;
  #ended = false;

  constructor(socket: TLSSocket, who: string, init: ChannelInit<S, H, C>) {
    this.socket = socket;
    this.#clock = init.clock;
    this.#who = who;
    this.#onSilence = init.onSilence;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#outlet = new Outlet(init.outlet, {
      ...{ clock: init.clock, socket },
      onStuck: (why) => this.#cut(why),
      onRoom: () => this.#hearAgain(),
    });
    this.session = new Session<S, H, C, T>({
      ...init,
      send: (frame) => this.#outlet.write(frame),
      onRtt: (rtt) => {
        this.#rtt = rtt;
        init.onRtt?.(rtt);
      },
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.close(connectionLost(who)));
    socket.on('close', () => this.close(connectionLost(who)));
    this.#watch();
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Asks when there is room for the question, in the order of the calls. */
  request<M extends MethodName<C>>(method: M, params: Params<C, M>): Promise<Result<C, M>> {
    return new Promise((resolve, reject) => {
      this.#outlet.whenRoom(() => this.session.request(method, params).then(resolve, reject));
    });
  }

  /**
   * The network has changed. A channel from an address that this machine has no more is over; another one has to show soon
   * that it is not, whatever silence it is allowed else.
   */
  recheck(): void {
    if (this.#ended) return;
    const { localAddress } = this.socket;
    if (localAddress !== undefined && !isOwnAddress(localAddress)) {
      this.#cut(connectionLost(this.#who));
      return;
    }
    const { heardAt } = this.session;
    this.session.ping();
    const cancel = this.#clock.after(Math.max(RECHECKED_MS, RECHECKED_RTTS * this.#rtt), () => {
      if (this.session.heardAt === heardAt && !this.#deaf) this.#cut(connectionLost(this.#who));
    });
    void this.closed.then(() => cancel());
  }

  /** Lets written frames leave, then closes. Idempotent. */
  close(why: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.session.close(why);
    this.#outlet.end();
    // A peer that never answers our end must not keep the socket.
    const cancel = this.#clock.after(END_TIMEOUT_MS, () => this.socket.destroy());
    this.socket.once('close', cancel);
    this.#settle(why);
  }

  #receive(chunk: Uint8Array): void {
    this.session.hold(chunk);
    this.#take();
  }

  #take(): void {
    try {
      while (this.#outlet.hasRoom) if (this.session.take() === undefined) return;
    } catch (error) {
      this.#cut(toFailure(error));
      return;
    }
    this.#deaf = true;
    this.socket.pause();
  }

  #hearAgain(): void {
    if (!this.#deaf) return;
    this.#deaf = false;
    this.socket.resume();
    this.#take();
  }

  #cut(why: Failure): void {
    this.close(why);
    this.socket.destroy();
  }

  #watch(): void {
    let heardAt = this.session.heardAt;
    let quiet = 0;
    const look = (): void => {
      const wasSilent = quiet * TICK_MS >= SILENT_AFTER_MS;
      quiet = heardAt === this.session.heardAt && !this.#deaf ? quiet + 1 : 0;
      heardAt = this.session.heardAt;
      const silence = quiet * TICK_MS;
      if (silence >= SILENT_AFTER_MS !== wasSilent) this.#onSilence?.(!wasSilent);
      if (silence >= LOST_AFTER_MS) {
        this.#cut(connectionLost(this.#who));
        return;
      }
      if (silence >= PING_AFTER_MS) this.session.ping();
      cancel = this.#clock.after(TICK_MS, look);
    };
    let cancel = this.#clock.after(TICK_MS, look);
    void this.closed.then(() => cancel());
  }
}
