import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** `lan` is the same network without a router between; the machine itself counts as `direct`. @param address with or without a zone */
export function isLan(address: string): 'direct' | 'lan' {
  const host = address.replace(/^::ffff:/, '').split('%')[0]!;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  if (host.startsWith('127.') || own.some((one) => one.address === host)) return 'direct';
  const near = new BlockList();
  for (const { cidr, family, internal } of own) {
    const [net, bits] = cidr?.split('/') ?? [];
    if (net !== undefined && !internal) near.addSubnet(net, Number(bits), family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  return near.check(host, isIPv4(host) ? 'ipv4' : 'ipv6') ? 'lan' : 'direct';
}
