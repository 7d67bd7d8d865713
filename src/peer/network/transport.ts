import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { SecurePort, type SecurePortInit } from '../../net/secure-port.js';
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
};

export const unreachable = ({ host, port }: { host: string; port: number }, why: string, cause?: Error): Failure =>
  new Failure('directory-offline', `nothing answers at ${host}:${port} (${why})`, {
    hint: 'Check the address and the network, and whether the directory runs (p2pchat doctor).',
    cause,
  });
