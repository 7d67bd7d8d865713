import { isIPv6 } from 'node:net';
import { localAddresses } from './local-address.js';

/** What a path carried last time, by the networks at its two ends (after RFC 9040). Only own measurements, never what a peer says. */
export interface RememberedPath {
  /** The networks this machine was in. */
  readonly from: string;
  /** The network of the other side's address, which a handshake has proved. */
  readonly to: string;
  /** Content, bytes per millisecond; 0 where what was remembered has turned out wrong. */
  readonly rate: number;
  /** Milliseconds. */
  readonly minRtt: number;
}

/** The /24 or /64 of an address: hosts of one network are mostly reached alike. */
export function networkOf(host: string): string {
  if (!isIPv6(host)) return `${host.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = host.split('%')[0]!.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Of this machine now. */
export const ownNetworks = (): string => [...new Set(localAddresses().map(networkOf))].sort().join(' ');

/** @param key of a path: address and port */
export function rememberedFor(
  remembered: readonly RememberedPath[],
  key: string,
  from: string,
): RememberedPath | undefined {
  const to = networkOf(key.split(' ')[0]!);
  return remembered.find((path) => path.from === from && path.to === to && path.rate > 0);
}
