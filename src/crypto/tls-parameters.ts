import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/**
 * What is spoken under every channel, by servers and clients alike. One choice of each is ours, so nothing else is offered and
 * nothing else is answered: what a library would take besides is a stranger's to choose, and some of it costs a thousand times
 * as much as what we speak (a handshake with ffdhe8192 takes 90 ms of the server and none of whoever replays a recorded hello).
 */

/** The suites of RFC 8446 §9.1 and the one for processors without AES, the strongest first. */
const SUITES = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** Newest first: an OpenSSL that lacks one of a list's groups refuses the list. `*` sends a share of the key at once. */
const GROUP_LISTS = ['*X25519MLKEM768:*X25519', 'X25519'];

function isKnown(groups: string): boolean {
  try {
    createSecureContext({ ecdhCurve: groups });
    return true;
  } catch {
    return false;
  }
}

/** Of TLS 1.2, for browsers: agreed anew for each connection, by elliptic curves, and nothing that is open to tampering. */
const BROWSER_SUITES = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((suite) => [
  `ECDHE-ECDSA-${suite}`,
  `ECDHE-RSA-${suite}`,
]);
const BROWSER_GROUP_LISTS = GROUP_LISTS.map((groups) => `${groups}:P-256`);

/** For the one port that browsers come to, with a certificate that they know, whatever its key is. */
export const BROWSER_TLS_PARAMETERS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [...SUITES, ...BROWSER_SUITES].join(':'),
  ecdhCurve: BROWSER_GROUP_LISTS.find(isKnown)!,
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const;

export const TLS_PARAMETERS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: SUITES.join(':'),
  ecdhCurve: GROUP_LISTS.find(isKnown)!,
  sigalgs: 'ed25519',
  secureOptions: constants.SSL_OP_NO_TICKET,
  /** Node's own verification knows neither our profile nor the pins: see tls.ts. */
  rejectUnauthorized: false,
} as const;
