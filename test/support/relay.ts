import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

/** What leaves in place of a chunk; nothing, where it is lost. @param end ends the connection, both ways */
export type Tamper = (chunk: Buffer, end: () => void) => readonly Uint8Array[];

const pass: Tamper = (chunk) => [chunk];
const lose: Tamper = () => [];

/** A relay for TCP that does to what passes what it is told to. */
export class Relay {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  #requests = pass;
  #answers = pass;

  private constructor(target: number, from: () => string) {
    this.#server = createServer((client) => {
      const server = dial({ port: target, host: '127.0.0.1', localAddress: from() });
      const pair = { client, server };
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      };
      client.on('data', (chunk) => this.#requests(chunk, end).map((each) => server.write(each)));
      server.on('data', (chunk) => this.#answers(chunk, end).map((each) => client.write(each)));
      for (const socket of [client, server]) socket.on('error', end).on('close', end);
    });
  }

  /** @param from the address that a connection goes on from */
  static async to(target: number, from = () => '127.0.0.1'): Promise<Relay> {
    const proxy = new Relay(target, from);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** From now on answers, or requests, go nowhere. */
  lose(what: 'answers' | 'requests'): void {
    if (what === 'answers') this.#answers = lose;
    else this.#requests = lose;
  }

  /** From now on this happens to what passes, each way. */
  tamper(change: Tamper): void {
    this.#requests = change;
    this.#answers = change;
  }

  /** Ends every connection; those made from now on are whole. */
  cut(): void {
    this.tamper(pass);
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
