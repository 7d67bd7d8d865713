import { crc32 } from 'node:zlib';
import { asBuffer } from '../../base/bytes.js';
import { damaged } from '../failures.js';

/**
 * How values lie in LevelDB: CRC-32 of id and body (4 bytes, big-endian), then the body. LevelDB does not compare its
 * own checksums when it reads; this one also notices a value that turns up under another id.
 */
const CHECKSUM = 4;
const REVISION = 8;

/** zlib takes an empty buffer for the wish to begin anew. */
const checksum = (id: string, body: Uint8Array): number => (body.length === 0 ? crc32(id) : crc32(body, crc32(id)));

export function seal(id: string, body: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM + body.length);
  sealed.set(body, CHECKSUM);
  asBuffer(sealed).writeUInt32BE(checksum(id, body));
  return sealed;
}

/** The body, in the same memory. Throws `store-damaged`. */
export function unseal(id: string, sealed: Uint8Array): Uint8Array {
  const body = plain(sealed, CHECKSUM);
  if (sealed.length < CHECKSUM || asBuffer(sealed).readUInt32BE() !== checksum(id, body)) {
    throw damaged(`the value of ${printable(id)} does not match its checksum`);
  }
  return body;
}

/** A record's body: its revision (8 bytes, big-endian), then its value. */
export function sealRecord(id: string, value: Uint8Array, revision: number): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM + REVISION + value.length);
  const buffer = asBuffer(sealed);
  buffer.writeBigUInt64BE(BigInt(revision), CHECKSUM);
  sealed.set(value, CHECKSUM + REVISION);
  buffer.writeUInt32BE(checksum(id, buffer.subarray(CHECKSUM)));
  return sealed;
}

export function unsealRecord(
  id: string,
  sealed: Uint8Array,
): { readonly value: Uint8Array; readonly revision: number } {
  const body = unseal(id, sealed);
  if (body.length < REVISION) throw damaged(`the record ${printable(id)} is too short`);
  return { value: body.subarray(REVISION), revision: Number(asBuffer(body).readBigUInt64BE()) };
}

/** LevelDB returns Buffers; callers get what the interface says, without a copy. */
const plain = (bytes: Uint8Array, start: number): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + start, Math.max(0, bytes.length - start));

const printable = (id: string): string => JSON.stringify(id.replaceAll('\0', ' '));
