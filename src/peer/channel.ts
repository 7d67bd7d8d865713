import type { TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.js';
import { Failure, toFailure } from '../base/errors.js';
import { LOST_AFTER_MS, PING_AFTER_MS } from '../wire/limits.js';
import type { MethodTable, NoticeTable } from '../wire/rpc.js';
import { Session, type SessionInit } from '../wire/session.js';

export const connectionLost = (who: string): Failure =>
  new Failure('unreachable', 'connection-lost', `the connection to ${who} is lost`, {
    hint: 'It is tried again by itself; what you write meanwhile is queued.',
  });

/**
 * A session on a TLS socket that has been judged already. Sends pings when the other side is silent, and gives the
 * channel up when nothing comes back. Frames written in one tick leave in one write.
 */
export class Channel<S extends MethodTable, H extends NoticeTable, C extends MethodTable, T extends NoticeTable> {
  readonly session: Session<S, H, C, T>;
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<Failure>;
  readonly socket: TLSSocket;
  readonly #clock: Clock;
  readonly #who: string;
  #settle!: (why: Failure) => void;
  #corked = false;
  #ended = false;

  constructor(socket: TLSSocket, who: string, init: Omit<SessionInit<S, H, C>, 'send'>) {
    this.socket = socket;
    this.#clock = init.clock;
    this.#who = who;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.session = new Session<S, H, C, T>({ ...init, send: (frame) => this.#write(frame) });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.close(connectionLost(who)));
    socket.on('close', () => this.close(connectionLost(who)));
    this.#watch();
  }

  /** Lets written frames leave, then closes. Idempotent. */
  close(why: Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.session.close(why);
    this.socket.end();
    // A peer that never answers our end must not keep the socket.
    this.#clock.after(LOST_AFTER_MS, () => this.socket.destroy());
    this.#settle(why);
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.session.receive(chunk);
    } catch (error) {
      this.close(toFailure(error));
      this.socket.destroy();
    }
  }

  #write(frame: Uint8Array): void {
    if (!this.socket.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      this.socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.socket.uncork();
      });
    }
    this.socket.write(frame);
  }

  #watch(): void {
    const cancel = this.#clock.after(PING_AFTER_MS, () => {
      const silence = this.#clock.monotonic() - this.session.heardAt;
      if (silence >= LOST_AFTER_MS) {
        this.close(connectionLost(this.#who));
        this.socket.destroy();
        return;
      }
      if (silence >= PING_AFTER_MS) this.session.ping();
      this.#watch();
    });
    void this.closed.then(cancel);
  }
}
