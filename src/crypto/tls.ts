import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { ALPN_DIRECTORY, ALPN_ENROL } from '../wire/directory.js';
import { ALPN_PEER, ALPN_STREAM } from '../wire/peer-link.js';
import type { SigningKey } from './keys.js';
import { TLS_PARAMETERS } from './tls-parameters.js';
import { refused } from './trust.js';

/**
 * TLS as all channels use it, by the parameters in tls-parameters.ts: no resumption (it would skip what is judged at the
 * handshake), no early data. Node's own verification is off: it knows neither our profile nor the pins. So every socket must
 * go through `assertChannel` and certificate.ts before the first byte of it counts.
 */

/** What one end presents: the key, and its certificate with, for the directory, the CA's after it. DER. */
export interface TlsIdentity {
  readonly key: SigningKey;
  readonly chain: readonly Uint8Array[];
}

const pemChain = (chain: readonly Uint8Array[]): string =>
  chain.map((der) => new X509Certificate(der).toString()).join('');

const identityOptions = ({ key, chain }: TlsIdentity) => ({ key: key.pem(), cert: pemChain(chain) });

/** Both of the directory's protocols on one port; which one a client chose is `socket.alpnProtocol`. */
export const directoryServerTls = (identity: TlsIdentity): TlsOptions => ({
  ...TLS_PARAMETERS,
  ...identityOptions(identity),
  requestCert: true,
  ALPNProtocols: [ALPN_DIRECTORY, ALPN_ENROL],
});

/** For registration and login: the client has no certificate yet. */
export const enrolClientTls = (): ConnectionOptions => ({ ...TLS_PARAMETERS, ...CLIENT, ALPNProtocols: [ALPN_ENROL] });

export const directoryClientTls = (device: TlsIdentity): ConnectionOptions => ({
  ...TLS_PARAMETERS,
  ...CLIENT,
  ...identityOptions(device),
  ALPNProtocols: [ALPN_DIRECTORY],
});

export const peerServerTls = (device: TlsIdentity): TlsOptions => ({
  ...TLS_PARAMETERS,
  ...identityOptions(device),
  requestCert: true,
  ALPNProtocols: [ALPN_PEER, ALPN_STREAM],
});

export const peerClientTls = (device: TlsIdentity, protocol: string = ALPN_PEER): ConnectionOptions => ({
  ...TLS_PARAMETERS,
  ...CLIENT,
  ...identityOptions(device),
  ALPNProtocols: [protocol],
});

/** Names in certificates are judged by certificate.ts, against who is expected and not against a host. */
const CLIENT = { checkServerIdentity: () => undefined } as const;

/** The first thing after a handshake. @throws Failure trust `channel-insecure` */
export function assertChannel(socket: TLSSocket, ...protocols: readonly string[]): void {
  const agreed = socket.getProtocol() === 'TLSv1.3' && !socket.isSessionReused();
  if (!agreed || !protocols.includes(socket.alpnProtocol || '')) throw refused('channel-insecure');
}

/** What the other side presented, of which it has proven to hold the key. DER. @throws Failure trust `certificate-missing` */
export function peerCertificateDer(socket: TLSSocket): Uint8Array {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw refused('certificate-missing');
  return new Uint8Array(certificate.raw);
}

/** The directory's certificate and the CA's, unjudged. DER. @throws Failure trust `certificate-missing` */
export function serverChainDer(socket: TLSSocket): { server: Uint8Array; authority: Uint8Array } {
  const server = socket.getPeerX509Certificate();
  const authority = server?.issuerCertificate;
  if (server === undefined || authority === undefined) throw refused('certificate-missing');
  return { server: new Uint8Array(server.raw), authority: new Uint8Array(authority.raw) };
}

/** 32 bytes both ends of this channel have and nobody else (RFC 8446 §7.5); for enrolProof. */
export const enrolExporter = (socket: TLSSocket): Uint8Array =>
  new Uint8Array(socket.exportKeyingMaterial(32, 'EXPORTER-p2pchat/1 enrol', Buffer.alloc(0)));
