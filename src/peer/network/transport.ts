import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { SecurePort, type SecurePortInit } from '../../net/secure-port.js';
import type { Endpoint } from '../../transfer/udp/endpoint.js';
import { openEndpoint } from '../../transfer/udp/open-endpoint.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../wire/limits.js';
import type { ListenAddress } from './listen-address.js';

export interface DialContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A socket whose handshake is done, and nothing judged. @throws Failure unreachable 'directory-offline' */
export type Dial = (
  options: ConnectionOptions & { readonly host: string; readonly port: number },
  context: DialContext,
) => Promise<TLSSocket>;

/** An open port; what comes in goes to `onSecure`. */
export type OpenPort = Pick<SecurePort, 'address' | 'admission' | 'close'>;

/**
 * How sockets come about. A peer has TLS over TCP; tests run whole peers over simulated networks, where the sockets are in
 * memory and everything above them is the same.
 */
export interface Transport {
  readonly dial: Dial;
  /** @throws NodeJS.ErrnoException */
  listen(init: SecurePortInit, address: ListenAddress): Promise<OpenPort>;
  /** For tunnels: datagrams, and TLS over the stream that they carry. */
  readonly datagrams: {
    /** One socket for each family there is on that address. @throws Failure unreachable 'address-in-use' */
    open(listen: ListenAddress): Promise<readonly Endpoint[]>;
    /** Like `Dial`, on a stream. */
    client(stream: Duplex, options: ConnectionOptions): Promise<TLSSocket>;
    server(stream: Duplex, options: TlsOptions): Promise<TLSSocket>;
  };
}

export const dialTls: Dial = (options, { clock, signal }) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(unreachable(options, 'this program is ending'));
      return;
    }
    const socket = connect(options);
    const done = (why?: Error): void => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', done);
      if (why === undefined) resolve(socket);
      else {
        socket.on('error', () => {});
        socket.destroy();
        reject(unreachable(options, why.message, why));
      }
    };
    const abort = (): void => done(new Error('this program is ending'));
    const cancel = clock.after(HANDSHAKE_TIMEOUT_MS, () => done(new Error('no answer in time')));
    signal.addEventListener('abort', abort);
    socket.once('error', done);
    socket.once('secureConnect', () => done());
  });

export const tlsTransport: Transport = {
  dial: dialTls,
  async listen(init, address) {
    const port = new SecurePort(init);
    await port.listen(address);
    return port;
  },
  datagrams: { open: openDatagrams, client: clientOver, server: serverOver },
};

/** Ports of their own: that of the links is the transfers', in their thread. */
async function openDatagrams({ host }: ListenAddress): Promise<readonly Endpoint[]> {
  const hosts = host === '::' ? ['0.0.0.0', '::'] : [isIP(host) ? host : (await lookup(host)).address];
  const opened = await Promise.allSettled(hosts.map((one) => openEndpoint({ host: one, port: 0 }, 'dgram')));
  const endpoints = opened.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  const failed = opened.find((one) => one.status === 'rejected');
  // A machine may have no IPv6.
  if (endpoints.length === 0 && failed !== undefined) throw failed.reason;
  return endpoints;
}

const noHandshake = (): Failure => new Failure('handshake-timeout');

function clientOver(stream: Duplex, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, socket: stream });
    socket.on('error', () => {});
    socket.once('secureConnect', () => resolve(socket));
    socket.once('close', () => reject(noHandshake()));
  });
}

function serverOver(stream: Duplex, options: TlsOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // It listens to nothing: the stream is all that ever comes to it.
    const server = createServer(options, (socket) => resolve(socket));
    server.on('tlsClientError', () => stream.destroy());
    stream.once('close', () => reject(noHandshake()));
    server.emit('connection', stream);
  });
}

export const unreachable = ({ host, port }: { host: string; port: number }, why: string, cause?: Error): Failure =>
  new Failure('directory-offline', `nothing answers at ${host}:${port} (${why})`, {
    hint: 'Check the address, whether the directory runs there, and whether a firewall lets TCP to that port through.',
    cause,
  });
