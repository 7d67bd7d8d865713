import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A relay for TCP that loses what it is told to. */
export class LossyProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  #mode: 'pass' | 'lose-answers' | 'lose-requests' = 'pass';

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = dial(target, '127.0.0.1');
      const pair = { client, server };
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      };
      client.on('data', (chunk) => this.#mode !== 'lose-requests' && server.write(chunk));
      server.on('data', (chunk) => this.#mode !== 'lose-answers' && client.write(chunk));
      for (const socket of [client, server]) socket.on('error', end).on('close', end);
    });
  }

  static async to(target: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on answers, or requests, go nowhere. */
  lose(what: 'answers' | 'requests'): void {
    this.#mode = `lose-${what}`;
  }

  /** Ends every connection; those made from now on are whole. */
  cut(): void {
    this.#mode = 'pass';
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
