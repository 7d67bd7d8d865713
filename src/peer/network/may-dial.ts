import { plainAddress } from '../../net/address.js';
import { type Interfaces, isLinkLocal, isLoopback, isOwnNetwork, isWithin, networksOf } from '../../net/interfaces.js';
import type { Address } from '../../wire/address.js';

/**
 * Which of the addresses that an account names for itself are dialled. Whoever names one has this machine speak to it from
 * where it stands: so loopback, private and link-local addresses are dialled only where the account can be there, too.
 */

/** RFC 6890, RFC 6598, RFC 4193. */
const PRIVATE = networksOf(['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['fc00::', 7]);

/**
 * @param seen this device's own address as the directory saw it, or else the directory's: who is seen on loopback or from a
 * private network shares that with others who use this directory
 */
export function mayDial({ host }: Address, seen: string, interfaces?: Interfaces): boolean {
  const from = plainAddress(seen);
  if (isLoopback(host)) return isLoopback(from);
  if (isLinkLocal(host)) return isOwnNetwork(host, interfaces);
  return !isWithin(PRIVATE, host) || isWithin(PRIVATE, from) || isOwnNetwork(host, interfaces);
}
