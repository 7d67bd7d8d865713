import { networkInterfaces } from 'node:os';

/** What the machine knows of its own addresses. */

const CACHE_MS = 5_000;
/** Loopback's MTU of 65,536 on Linux, less the headers of IPv6 and UDP. */
const LOOPBACK_DATAGRAM_BYTES = 65_488;
let cached: { readonly at: number; readonly addresses: ReadonlySet<string> } | undefined;

function ownAddresses(): ReadonlySet<string> {
  const now = performance.now();
  if (cached === undefined || now - cached.at > CACHE_MS) {
    const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    cached = { at: now, addresses: new Set(all.map((entry) => entry.address)) };
  }
  return cached.addresses;
}

/** Whether datagrams to `host` stay in this machine. */
export const isLoopback = (host: string): boolean =>
  host.startsWith('127.') || host === '::1' || ownAddresses().has(host);

/**
 * The largest datagram worth trying to `host`.
 * @param exact whether the kernel refuses what does not fit, rather than cutting it in fragments
 */
export function largestDatagram(host: string, exact: boolean): number {
  if (isLoopback(host)) return LOOPBACK_DATAGRAM_BYTES;
  const headers = host.includes(':') ? 48 : 28;
  return (exact ? 9_000 : 1_500) - headers;
}

/** Addresses under which others may reach this machine, without loopback and link-local ones. */
export function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:') && !entry.address.startsWith('169.254.'))
    .map((entry) => entry.address);
}
