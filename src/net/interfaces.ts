import { BlockList, isIP, isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { plainAddress } from './address.js';

/** What this machine has in the way of addresses and networks: asked of the system each time, since both come and go. */

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const family = (host: string) => (isIPv4(host) ? 'ipv4' : 'ipv6');

/** A list of networks, each of `[net, bits]`. */
export function networksOf(...subnets: readonly (readonly [net: string, bits: number])[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of subnets) list.addSubnet(net, bits, family(net));
  return list;
}

/** False for what is no numeric address. */
export const isWithin = (list: BlockList, host: string): boolean => isIP(host) !== 0 && list.check(host, family(host));

export const interfaceAddresses = (interfaces: Interfaces = networkInterfaces()): NetworkInterfaceInfo[] =>
  Object.values(interfaces).flatMap((list) => list ?? []);

const LOOPBACK = networksOf(['127.0.0.0', 8], ['::1', 128]);
const LINK_LOCAL = networksOf(['169.254.0.0', 16], ['fe80::', 10]);

export const isLoopback = (host: string): boolean => isWithin(LOOPBACK, host);
/** Means something on one wire only. */
export const isLinkLocal = (host: string): boolean => isWithin(LINK_LOCAL, host);

/** Whether an interface of this machine has it. @param host as a socket says it: with or without a zone */
export function isOwnAddress(host: string, interfaces?: Interfaces): boolean {
  const plain = plainAddress(host);
  return isLoopback(plain) || interfaceAddresses(interfaces).some(({ address }) => address === plain);
}

/** Whether it is in a network of one of the interfaces: no router is between. Loopback is no network. */
export function isOwnNetwork(host: string, interfaces?: Interfaces): boolean {
  const plain = plainAddress(host);
  return interfaceAddresses(interfaces).some(({ cidr, internal }) => {
    const [net, bits] = cidr?.split('/') ?? [];
    if (internal || net === undefined || family(net) !== family(plain)) return false;
    return isWithin(networksOf([net, Number(bits)]), plain);
  });
}

/** Addresses under which others may reach this machine, without loopback and link-local ones. */
export const localAddresses = (interfaces?: Interfaces): string[] =>
  interfaceAddresses(interfaces)
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .map(({ address }) => address);
