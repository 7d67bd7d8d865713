import { isIPv6 } from 'node:net';
import { networkOf } from '../wire/address.js';

/**
 * Who counts as one by address: an IPv4 address, or an IPv6 /64, since whoever has one address of such a network has
 * them all. IPv4 in IPv6 (RFC 4291 §2.5.5.2) counts as IPv4.
 */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? networkOf(plain) : plain;
}

/** The address as it means the same to others: IPv4 in IPv6 as IPv4, and no zone, which is a name of this machine's. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
