import { Duplex } from 'node:stream';
import type { Tunnel } from './core/tunnel.js';

/** The bytes of a tunnel as a stream, on which TLS runs as it does on a socket. */
export class TunnelStream extends Duplex {
  readonly #tunnel: () => Tunnel;
  readonly #now: () => number;
  /** What waits for room in the tunnel. */
  #waiting: (() => void) | undefined;
  /** Pushed while whoever reads had enough. */
  #unread = 0;

  constructor(tunnel: () => Tunnel, now: () => number) {
    super({ allowHalfOpen: false });
    this.#tunnel = tunnel;
    this.#now = now;
  }

  arrive(bytes: Uint8Array): void {
    if (this.destroyed || this.readableEnded) return;
    if (this.push(bytes)) this.#tunnel().consumed(bytes.length, this.#now());
    else this.#unread += bytes.length;
  }

  ended(): void {
    if (!this.destroyed) this.push(null);
  }

  hasRoom(): void {
    const go = this.#waiting;
    this.#waiting = undefined;
    go?.();
  }

  override _read(): void {
    if (this.#unread === 0) return;
    const unread = this.#unread;
    this.#unread = 0;
    this.#tunnel().consumed(unread, this.#now());
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    // Whoever wrote may use its memory again.
    if (this.#tunnel().write(Uint8Array.from(chunk), this.#now())) done();
    else this.#waiting = done;
  }

  override _final(done: () => void): void {
    this.#tunnel().end(this.#now());
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#tunnel().close();
    done(error);
  }
}
