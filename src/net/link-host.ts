import { interfaceAddresses } from '../net/interfaces.js';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** The host for the link of a directory that listens on `host`: for all addresses, one that others can reach. */
export function linkHost(host: string): string {
  if (!WILDCARDS.has(host)) return host;
  const reachable = interfaceAddresses().filter(({ internal }) => !internal);
  const chosen = reachable.find(({ family }) => family === 'IPv4') ?? reachable.find(({ scopeid }) => !scopeid);
  return chosen?.address ?? '127.0.0.1';
}
