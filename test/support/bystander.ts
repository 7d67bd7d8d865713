import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Somebody on an address of his own who takes part in nothing: what comes to him comes unasked. */
export class Bystander {
  readonly #socket: Socket;
  bytes = 0;
  datagrams = 0;
  /** When the last one came. */
  lastAt = 0;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram) => {
      this.bytes += datagram.length;
      this.datagrams++;
      this.lastAt = performance.now();
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  /** @param host an address of loopback's, of which 127.0.0.0/8 has many */
  static async open(host: string): Promise<Bystander> {
    const socket = createSocket('udp4');
    const listening = once(socket, 'listening');
    socket.bind(0, host);
    await listening;
    return new Bystander(socket);
  }

  get address() {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** Resolves once so many have come. */
  async has(datagrams: number): Promise<void> {
    while (this.datagrams < datagrams) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  send(datagram: Uint8Array, to: { readonly host: string; readonly port: number }): Promise<void> {
    return new Promise((resolve) => this.#socket.send(datagram, to.port, to.host, () => resolve()));
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#socket.on('message', listener);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
