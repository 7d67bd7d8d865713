import { BlockList, isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Address } from '../../wire/address.js';

/**
 * Which of the addresses that an account names for itself are dialled. Whoever names one has this machine speak to it from
 * where it stands: so loopback, private and link-local addresses are dialled only where the account can be there, too.
 */

const family = (host: string) => (isIPv4(host) ? 'ipv4' : 'ipv6');

function listOf(...subnets: readonly (readonly [net: string, bits: number])[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of subnets) list.addSubnet(net, bits, family(net));
  return list;
}

/** RFC 6890, RFC 6598, RFC 4193, RFC 4291: each kind for itself. */
const LOOPBACK = listOf(['127.0.0.0', 8], ['::1', 128]);
const LINK_LOCAL = listOf(['169.254.0.0', 16], ['fe80::', 10]);
const PRIVATE = listOf(['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['fc00::', 7]);

const within = (list: BlockList, host: string): boolean => list.check(host, family(host));

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

function isOwnNetwork(host: string, interfaces: Interfaces): boolean {
  for (const { cidr, internal } of Object.values(interfaces).flatMap((list) => list ?? [])) {
    const [net, bits] = cidr?.split('/') ?? [];
    if (internal || net === undefined) continue;
    if (family(net) === family(host) && within(listOf([net, Number(bits)]), host)) return true;
  }
  return false;
}

/**
 * @param seen this device's own address as the directory saw it, or else the directory's: who is seen on loopback or from a
 * private network shares that with others who use this directory
 */
export function mayDial({ host }: Address, seen: string, interfaces: Interfaces = networkInterfaces()): boolean {
  const from = seen.replace(/^::ffff:/, '').split('%')[0]!;
  if (within(LOOPBACK, host)) return within(LOOPBACK, from);
  if (within(LINK_LOCAL, host)) return isOwnNetwork(host, interfaces);
  return !within(PRIVATE, host) || within(PRIVATE, from) || isOwnNetwork(host, interfaces);
}
