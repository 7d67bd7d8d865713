import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { Failure } from '../../base/errors.js';
import { addressBytes, isAddress } from '../../wire/address.js';
import {
  decodeEchoRequest,
  decodeEchoResponse,
  encodeEchoResponse,
  type SeenAddress,
} from '../../wire/datagrams/echo.js';
import { viewOf } from '../../wire/datagrams/header.js';
import type { HostAddress } from './endpoint.js';
import { hostOf } from './sockaddr.js';

/** "Which address do my datagrams come from?": the answering side, which a directory runs, and reading the answer. */

const seen = ({ host, port }: HostAddress): SeenAddress => {
  const address = addressBytes(host.split('%')[0]!)!;
  return { family: address.length === 4 ? 4 : 6, port, address };
};

/** @returns the answer to an echo request, or null for anything else */
export function answerEcho(datagram: Uint8Array, from: HostAddress): Uint8Array | null {
  try {
    return encodeEchoResponse(decodeEchoRequest(datagram), seen(from));
  } catch {
    return null;
  }
}

/** @returns the address that was seen, or null where it answers another request or names none */
export function readEcho(datagram: Uint8Array, token: Uint8Array): HostAddress | null {
  try {
    const { address, port } = decodeEchoResponse(datagram, token);
    const there = { host: hostOf(viewOf(address), 0, address.length), port };
    return isAddress(there) ? there : null;
  } catch {
    return null;
  }
}

export interface EchoServer {
  readonly address: HostAddress;
  close(): Promise<void>;
}

/**
 * Answers echo requests; keeps nothing of anybody. Give it the address that others know: on a host with several, a socket for
 * all of them answers from whichever the route has.
 * @throws Failure unreachable 'address-in-use'
 */
export async function serveEcho(address: HostAddress): Promise<EchoServer> {
  const socket = createSocket({ type: isIPv6(address.host) ? 'udp6' : 'udp4' });
  socket.on('message', (datagram, from) => {
    const answer = answerEcho(datagram, { host: from.address, port: from.port });
    if (answer !== null) socket.send(answer, from.port, from.address, () => {});
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind(address.port, address.host);
    await listening;
  } catch (error) {
    throw new Failure('address-in-use', `cannot listen on ${address.host} port ${address.port} by UDP`, {
      cause: error,
    });
  }
  socket.on('error', () => {});
  const bound = socket.address();
  return {
    address: { host: bound.address, port: bound.port },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
