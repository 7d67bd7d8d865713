import * as v from 'valibot';
import { count } from './schema.js';

/**
 * Where somebody says that they, or others, can be reached. What others say comes to the system's calls, so there is one
 * form, and nothing else passes: a numeric unicast address without a zone, and a port. Names are none, since looking one up
 * asks whom its owner likes; zones are none, since they mean something on the speaker's machine only.
 */

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
/** The longest spelling: an IPv6 address that ends with an IPv4 one. */
const HOST_CHARS = 45;

/** The 4 or 16 bytes of a numeric address without a zone; null for anything else. The same as node:net's isIP takes. */
export function addressBytes(host: string): Uint8Array | null {
  if (host.length > HOST_CHARS) return null;
  return host.includes(':') ? ipv6Bytes(host) : ipv4Bytes(host);
}

function ipv4Bytes(text: string): Uint8Array | null {
  if (!IPV4.test(text)) return null;
  const parts = text.split('.').map(Number);
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : null;
}

function ipv6Bytes(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [left, right] = [bytesOf(halves[0]!, halves.length === 1), bytesOf(halves[1] ?? '', true)];
  if (left === null || right === null) return null;
  const zeros = 16 - left.length - right.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 2) return null;
  return Uint8Array.from([...left, ...new Array<number>(zeros).fill(0), ...right]);
}

/** @param last whether it ends the address, and may end with an IPv4 one */
function bytesOf(part: string, last: boolean): number[] | null {
  if (part === '') return [];
  const groups = part.split(':');
  const bytes: number[] = [];
  for (const [at, group] of groups.entries()) {
    if (GROUP.test(group)) {
      const word = Number.parseInt(group, 16);
      bytes.push(word >> 8, word & 255);
      continue;
    }
    const dotted = last && at === groups.length - 1 ? ipv4Bytes(group) : null;
    if (dotted === null) return null;
    bytes.push(...dotted);
  }
  return bytes;
}

/** IPv4 in IPv6 (RFC 4291 §2.5.5.2): the IPv4 address; else as it was. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  const mapped = bytes.length === 16 && bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every(isZero);
  return mapped ? bytes.subarray(12) : bytes;
}

const isZero = (byte: number): boolean => byte === 0;

/** Of one machine: not "any", not multicast, not broadcast or reserved (RFC 6890, RFC 4291 §2.7). */
function isUnicast(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  return bytes.length === 4 ? first !== 0 && first < 224 : first !== 255 && !bytes.every(isZero);
}

/** As it is compared and shown; null where it is none. */
function hostOf(text: string): string | null {
  const bytes = addressBytes(text);
  if (bytes === null) return null;
  const short = plainBytes(bytes);
  if (!isUnicast(short)) return null;
  return short.length === 4 ? short.join('.') : text.toLowerCase();
}

const numericHost = v.pipe(
  v.string(),
  v.check((text) => hostOf(text) !== null, 'a numeric address'),
  v.transform((text) => hostOf(text)!),
);

export const addressSchema = v.object({
  host: numericHost,
  port: v.pipe(
    count(65_535),
    v.check((port) => port > 0, '1 to 65535'),
  ),
});
export type Address = v.InferOutput<typeof addressSchema>;

/** Whether that is an address as others may name one. */
export const isAddress = (value: unknown): value is Address => v.is(addressSchema, value);

function addressOf(value: unknown): Address | undefined {
  const result = v.safeParse(addressSchema, value);
  return result.success ? result.output : undefined;
}

/** An address whose message is good without it: undefined where it is none. */
export const addressIfGood = v.pipe(v.unknown(), v.transform(addressOf));

/** Addresses to be tried one after another: one that is none is left out, the others and the message count. */
export const addresses = (max: number) =>
  v.pipe(
    v.array(v.unknown()),
    v.maxLength(max),
    v.transform((all) => all.map(addressOf).filter((one) => one !== undefined)),
  );

/**
 * The network of an address, as far as one owner mostly has all of it: an IPv4 /24, an IPv6 /64. A zone is passed over.
 * What is no address is a network of its own.
 */
export function networkOf(host: string): string {
  const bytes = addressBytes(host.split('%')[0]!);
  if (bytes === null) return host;
  if (bytes.length === 4) return `${bytes.subarray(0, 3).join('.')}.0/24`;
  const groups = [0, 2, 4, 6].map((at) => ((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  return `${groups.join(':')}::/64`;
}
