import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A relay in front of a port which keeps every byte that goes through it, either way. */
export class Recorder {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #kept: Buffer[] = [];

  private constructor(target: number) {
    this.#server = createServer((inside) => {
      const outside = connect(target, '127.0.0.1');
      this.#join(inside, outside);
      this.#join(outside, inside);
    });
  }

  static async before(target: number): Promise<Recorder> {
    const recorder = new Recorder(target);
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get traffic(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** As if these bytes had gone through. */
  plant(bytes: Uint8Array): void {
    this.#kept.push(Buffer.from(bytes));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      this.#kept.push(chunk);
      to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.end();
    });
  }
}
