import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../base/clock.js';
import { addressKey } from './address.js';
import { type ConnectionBounds, ConnectionLimits } from './connection-limits.js';
import { Handshakes, type Pace } from './handshakes.js';

export interface PortLimits extends ConnectionBounds {
  /** Handshakes of one address; beyond, they wait. */
  readonly handshakesPerAddress: Pace;
}

export interface SecurePortInit {
  readonly clock: Clock;
  readonly limits: PortLimits;
  readonly tls: TlsOptions;
  /** A handshake is done; nothing of the other side is judged. */
  onSecure(socket: TLSSocket): void;
}

/** Every port on which this program speaks TLS: who may come in, and when its hello is answered. */
export class SecurePort {
  readonly admission: ConnectionLimits;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  readonly #handshakes: Handshakes;
  /** TCP sockets, by which everything can be closed, handshakes included. */
  readonly #sockets = new Set<Socket>();

  constructor({ clock, limits, tls, onSecure }: SecurePortInit) {
    this.admission = new ConnectionLimits(limits, clock);
    this.#tls = createTlsServer(tls, onSecure);
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#handshakes = new Handshakes({
      ...{ clock, pace: limits.handshakesPerAddress },
      start: (socket) => this.#tls.emit('connection', socket),
    });
    this.#tcp = createTcpServer((socket) => this.#accept(socket));
  }

  /** @throws NodeJS.ErrnoException */
  listen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen({ host, port, backlog: 1024 }, () => {
        this.#tcp.removeAllListeners('error');
        // Too many open files: the socket that wanted in is gone, those inside go on.
        this.#tcp.on('error', () => {});
        resolve();
      });
    });
  }

  /** Where it listens; behind a name, the address it stands for. */
  get address(): { readonly host: string; readonly port: number } {
    const bound = this.#tcp.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  get port(): number {
    const address = this.#tcp.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** For handshakes from now on. */
  renew(tls: TlsOptions): void {
    this.#tls.setSecureContext(tls);
  }

  /** Takes nobody in any more; resolves when all have gone. */
  close(): Promise<void> {
    this.admission.accepting = false;
    return new Promise((resolve) => this.#tcp.close(() => resolve()));
  }

  /** Ends what there is, handshakes included. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (!this.admission.admit(socket)) return;
    socket.on('error', () => socket.destroy());
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Whoever says nothing costs a socket, and no handshake.
    socket.once('readable', () => {
      if (socket.readableLength > 0) this.#handshakes.add(addressKey(socket.remoteAddress ?? ''), socket);
      else socket.destroy();
    });
  }
}
