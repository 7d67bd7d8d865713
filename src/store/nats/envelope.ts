import { crc32 } from 'node:zlib';
import { asBuffer, concat, utf8 } from '../../base/bytes.js';
import { damaged, newer } from '../failures.js';

/**
 * How values lie in the cluster: a byte with the format, a CRC-32 over the subject and what follows (4 bytes,
 * big-endian), then the value. So what was written elsewhere, or changed under way, is told from what we wrote.
 */
export const FORMAT = 1;

const HEAD = 5;

export function seal(subject: string, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(HEAD);
  head[0] = FORMAT;
  asBuffer(head).writeUInt32BE(checksum(subject, value), 1);
  return concat(head, value);
}

/** @throws Failure storage 'store-newer', 'store-damaged' */
export function unseal(subject: string, sealed: Uint8Array): Uint8Array {
  const format = sealed[0] ?? 0;
  if (format > FORMAT) throw newer(format, FORMAT);
  const value = sealed.slice(HEAD);
  if (format !== FORMAT || asBuffer(sealed).readUInt32BE(1) !== checksum(subject, value)) {
    throw damaged(`a value does not match its checksum (${subject})`);
  }
  return value;
}

const checksum = (subject: string, value: Uint8Array): number => crc32(value, crc32(utf8(subject)));
