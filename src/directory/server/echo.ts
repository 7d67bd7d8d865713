import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { answerEcho } from '../../wire/datagrams/echo.js';

/**
 * "Which address do my datagrams come from?", answered on the UDP port with the directory's number. Keeps nothing of anybody,
 * and answers with no more bytes than it was asked with, so that nobody is flooded by way of it.
 */
export class EchoResponder {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.#answer(datagram, from));
    // What a send provoked far away is no fault of this socket.
    socket.on('error', () => {});
  }

  /** @returns undefined where the port is taken: then peers behind a NAT find each other by TCP only */
  static async listen({ host, port }: { readonly host: string; readonly port: number }) {
    const socket = createSocket({ type: isIPv4(host) ? 'udp4' : 'udp6' });
    try {
      const listening = once(socket, 'listening');
      socket.bind(port, host);
      await listening;
      return new EchoResponder(socket);
    } catch {
      socket.close();
      return undefined;
    }
  }

  #answer(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    const answer = answerEcho(datagram, address, port);
    if (answer !== undefined) this.#socket.send(answer, port, address, () => {});
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
