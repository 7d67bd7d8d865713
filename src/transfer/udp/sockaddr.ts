import { addressBytes } from '../../wire/address.js';
import { viewOf } from '../../wire/datagrams/header.js';
import type { HostAddress } from './endpoint.js';

/** sockaddr_in and sockaddr_in6 as Linux lays them out on little-endian machines. */

export const SOCKADDR_BYTES = { 4: 16, 6: 28 } as const;

const AF_INET = 2;
const AF_INET6 = 10;

/** @param address numeric; a zone is the number of an interface. @throws RangeError for anything else */
export function writeSockaddr({ host, port }: HostAddress): Uint8Array {
  const [text = '', zone] = host.split('%');
  const address = addressBytes(text);
  if (address === null) throw new RangeError('no numeric address');
  const bytes = new Uint8Array(address.length === 16 ? 28 : 16);
  const view = viewOf(bytes);
  view.setUint16(0, bytes.length === 28 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(address, bytes.length === 28 ? 8 : 4);
  if (zone !== undefined && bytes.length === 28) view.setUint32(24, Number(zone) || 0, true);
  return bytes;
}

export function readSockaddr(view: DataView, at: number): HostAddress {
  const port = view.getUint16(at + 2);
  if (view.getUint16(at, true) === AF_INET) return { host: hostOf(view, at + 4, 4), port };
  const zone = view.getUint32(at + 24, true);
  const host = hostOf(view, at + 8, 16);
  return { host: zone === 0 ? host : `${host}%${zone}`, port };
}

/** Whether the address at `at` is the one in `bytes`; an IPv4 one is compared without the zeros at its end. */
export function isSockaddr(bytes: Uint8Array, view: DataView, at: number): boolean {
  const length = bytes.length === 16 ? 8 : bytes.length;
  for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== bytes[i]) return false;
  return true;
}

/** The numeric form of the 4 or 16 bytes of an address. */
export function hostOf(view: DataView, at: number, length: number): string {
  if (length === 4) return [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join('.');
  return compress(Array.from({ length: 8 }, (_, i) => view.getUint16(at + i * 2).toString(16)));
}

/** Tells addresses apart; a number for IPv4, because a string for each datagram would cost more than the datagram. */
export function sockaddrKey(view: DataView, at: number, family: 4 | 6): number | string {
  if (family === 4) return view.getUint32(at + 4) * 0x1_0000 + view.getUint16(at + 2);
  let key = '';
  for (let i = 0; i < 28; i += 4) key += `${view.getUint32(at + i)} `;
  return key;
}

/** RFC 5952 §4.2: the longest run of zeros becomes '::'. */
function compress(words: readonly string[]): string {
  const runs = [...words.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
  const longest = runs.sort((a, b) => b[0].length - a[0].length)[0];
  const text = words.join(':');
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
