import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import { checkServerCertificate, readAuthority, readUnprovedAuthority } from '../../crypto/certificate.js';
import { assertChannel, serverChainDer } from '../../crypto/tls.js';
import type { Trust } from '../../crypto/trust.js';
import type { DirectoryAddress } from '../../wire/link.js';
import { clockDiffers } from './clock-difference.js';
import { type Dial, dialTls } from './transport.js';

export interface JudgedSocket {
  readonly socket: TLSSocket;
  readonly trust: Trust;
  /** The CA's certificate, DER. */
  readonly authority: Uint8Array;
}

/**
 * A TLS channel to the directory of the link: its CA has the link's fingerprint, and its own certificate is that CA's.
 * Of an address without a fingerprint whatever directory answers is taken: whoever asks has to prove it by other means.
 * @throws Failure unreachable 'directory-offline', trust
 */
export async function dialDirectory(
  link: DirectoryAddress,
  options: ConnectionOptions,
  alpn: string,
  { clock, signal, dial = dialTls }: { clock: Clock; signal: AbortSignal; dial?: Dial },
): Promise<JudgedSocket> {
  const socket = await dial({ ...options, host: link.host, port: link.port }, { clock, signal });
  try {
    assertChannel(socket, alpn);
    const { server, authority } = serverChainDer(socket);
    const { fingerprint } = link;
    const trust = fingerprint === undefined ? readUnprovedAuthority(authority) : readAuthority(authority, fingerprint);
    judgeServer(server, trust, clock.now());
    return { socket, trust, authority };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The directory renews its own certificate: one that is out of time means that one of the two clocks is wrong. */
function judgeServer(server: Uint8Array, trust: Trust, now: number): void {
  try {
    checkServerCertificate(server, { trust, now });
  } catch (error) {
    const { details } = toFailure(error);
    throw typeof details.by === 'number' ? clockDiffers(details.by, now, true) : error;
  }
}
