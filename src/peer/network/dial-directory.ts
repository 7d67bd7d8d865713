import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Failure } from '../../base/errors.js';
import { checkServerCertificate, readAuthority } from '../../crypto/certificate.js';
import { assertChannel, serverChainDer } from '../../crypto/tls.js';
import type { Trust } from '../../crypto/trust.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../wire/limits.js';
import type { DirectoryLink } from '../../wire/link.js';

export interface JudgedSocket {
  readonly socket: TLSSocket;
  readonly trust: Trust;
  /** The CA's certificate, DER. */
  readonly authority: Uint8Array;
}

/**
 * A TLS channel to the directory of the link: its CA has the link's fingerprint, and its own certificate is that CA's.
 * @throws Failure unreachable 'directory-offline', trust
 */
export async function dialDirectory(
  link: DirectoryLink,
  options: ConnectionOptions,
  alpn: string,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<JudgedSocket> {
  const socket = await dial({ ...options, host: link.host, port: link.port }, signal);
  try {
    assertChannel(socket, alpn);
    const { server, authority } = serverChainDer(socket);
    const trust = readAuthority(authority, link.fingerprint);
    checkServerCertificate(server, { trust, now });
    return { socket, trust, authority };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A socket whose handshake is done, and nothing judged. */
export function dial(
  options: ConnectionOptions & { host: string; port: number },
  signal: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(unreachable(options, 'this program is ending'));
      return;
    }
    const socket = connect(options);
    const done = (why?: Error): void => {
      clearTimeout(timer);
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
    const timer = setTimeout(() => done(new Error('no answer in time')), HANDSHAKE_TIMEOUT_MS);
    signal.addEventListener('abort', abort);
    socket.once('error', done);
    socket.once('secureConnect', () => done());
  });
}

const unreachable = ({ host, port }: { host: string; port: number }, why: string, cause?: Error): Failure =>
  new Failure('directory-offline', `nothing answers at ${host}:${port} (${why})`, {
    hint: 'Check the address and the network, and whether the directory runs (p2pchat doctor).',
    cause,
  });
