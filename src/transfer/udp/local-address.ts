import { interfaceAddresses, isLoopback } from '../../net/interfaces.js';

/** How far datagrams go within this machine, and how large they may be. */

const CACHE_MS = 5_000;
/** Loopback's MTU of 65,536 on Linux, less the headers of IPv6 and UDP. */
const LOOPBACK_DATAGRAM_BYTES = 65_488;
let cached: { readonly at: number; readonly addresses: ReadonlySet<string> } | undefined;

function ownAddresses(): ReadonlySet<string> {
  const now = performance.now();
  if (cached === undefined || now - cached.at > CACHE_MS) {
    cached = { at: now, addresses: new Set(interfaceAddresses().map(({ address }) => address)) };
  }
  return cached.addresses;
}

/** Whether datagrams to `host` stay in this machine; asked for each of them, so of what was so a moment ago. */
export const staysHere = (host: string): boolean => isLoopback(host) || ownAddresses().has(host);

/**
 * The largest datagram worth trying to `host`.
 * @param exact whether the kernel refuses what does not fit, rather than cutting it in fragments
 */
export function largestDatagram(host: string, exact: boolean): number {
  if (staysHere(host)) return LOOPBACK_DATAGRAM_BYTES;
  const headers = host.includes(':') ? 48 : 28;
  return (exact ? 9_000 : 1_500) - headers;
}
