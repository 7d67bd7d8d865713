import { localAddresses } from '../../net/interfaces.js';
import { networkOf } from '../../wire/address.js';

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

/** Of this machine now. */
export const ownNetworks = (): string => [...new Set(localAddresses().map(networkOf))].sort().join(' ');

export function rememberedFor(
  remembered: readonly RememberedPath[],
  host: string,
  from: string,
): RememberedPath | undefined {
  const to = networkOf(host);
  return remembered.find((path) => path.from === from && path.to === to && path.rate > 0);
}
