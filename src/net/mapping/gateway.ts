import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';

/**
 * The router that this machine sends to what is in none of its networks (IPv4). Node does not tell it: Linux has it in a file,
 * the other systems in what `netstat` or `route` print, whose columns are the same in every language.
 */

/** How long a system program may take to say it. */
const ASKED_FOR_MS = 3_000;

export async function defaultGateway(platform: NodeJS.Platform = process.platform): Promise<string | undefined> {
  try {
    if (platform === 'linux') return fromProc(await readFile('/proc/net/route', 'latin1'));
    if (platform === 'win32') return fromTable(await said('route', 'print', '-4', '0.0.0.0'));
    return fromTable(await said('netstat', '-rn', '-f', 'inet'));
  } catch {
    return undefined;
  }
}

const said = (command: string, ...words: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { encoding: 'latin1', timeout: ASKED_FOR_MS, windowsHide: true } as const;
    execFile(command, words, options, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });

/** The flags of a route that leads to a router and is up (linux/route.h). */
const UP_GATEWAY = 0x3;

/** Of lines `interface destination gateway flags … metric mask …`, numbers in hex and addresses the wrong way round. */
export function fromProc(table: string): string | undefined {
  const routes = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, , flags, , , , mask]) => {
      const isDefault = destination === '00000000' && mask === '00000000';
      return isDefault && (Number.parseInt(flags ?? '', 16) & UP_GATEWAY) === UP_GATEWAY;
    })
    .sort((one, other) => Number(one[6]) - Number(other[6]));
  const hex = routes[0]?.[2] ?? '';
  if (!/^[0-9A-F]{8}$/i.test(hex)) return undefined;
  return [3, 2, 1, 0].map((at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)).join('.');
}

/** Of `default 192.168.1.1 UGScg en0` (BSD, macOS), or `0.0.0.0 0.0.0.0 192.168.1.1 192.168.1.20 25` (Windows). */
export function fromTable(table: string): string | undefined {
  for (const line of table.split('\n')) {
    const [destination, second = '', third = ''] = line.trim().split(/\s+/);
    const gateway = destination === 'default' ? second : destination === '0.0.0.0' && second === '0.0.0.0' ? third : '';
    if (isIPv4(gateway)) return gateway;
  }
  return undefined;
}
