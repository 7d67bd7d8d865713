import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** DER, and for a directory what it was signed by. */
export interface Shown {
  readonly raw: Uint8Array;
  readonly issuerCertificate?: Shown;
}

export interface SocketInit {
  readonly alpn: string;
  readonly remote: { readonly host: string; readonly port: number };
  /** What the other side presents. */
  readonly shown: Shown;
  /** Takes what is written; an empty one is the end. */
  send(chunk: Uint8Array): void;
}

/** A socket after its TLS handshake, as far as this program looks at one. */
export class SimulatedSocket extends Duplex {
  readonly alpnProtocol: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #init: SocketInit;
  #ended = false;

  constructor(init: SocketInit) {
    super({ allowHalfOpen: false });
    this.#init = init;
    this.alpnProtocol = init.alpn;
    this.remoteAddress = init.remote.host;
    this.remotePort = init.remote.port;
  }

  get asTls(): TLSSocket {
    return this as unknown as TLSSocket;
  }

  /** What comes from the other side; an empty one is the end. */
  receive(chunk: Uint8Array): void {
    if (!this.destroyed && !this.readableEnded) this.push(chunk.length === 0 ? null : chunk);
  }

  setNoDelay(): this {
    return this;
  }

  getProtocol(): string {
    return 'TLSv1.3';
  }

  isSessionReused(): boolean {
    return false;
  }

  getPeerX509Certificate(): Shown {
    return this.#init.shown;
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#init.send(Uint8Array.from(chunk));
    done();
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(error);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#init.send(new Uint8Array(0));
  }
}
