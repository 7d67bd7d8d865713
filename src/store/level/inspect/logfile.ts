import { asBuffer, concat } from '../../../base/bytes.js';
import { damaged } from '../../failures.js';
import { crc32c, masked } from './crc32c.js';

/**
 * LevelDB's log format (doc/log_format.md), of its write-ahead log and of its manifest: blocks of 32 KiB with records,
 * each a masked CRC-32C of type and payload (4 bytes, little-endian), length (2), type (1), payload. LevelDB drops what
 * it cannot read without a word; here that is an error, except where the writer was killed in mid-write.
 */
const BLOCK = 32 * 1024;
const HEADER = 7;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

export interface LogFile {
  readonly records: readonly Uint8Array[];
  /** The file ends within a record: its writer was killed, or the end is damaged. Who knows what must be there decides. */
  readonly torn: boolean;
}

/** @param what names the file in errors */
export function parseLogFile(bytes: Uint8Array, what: string): LogFile {
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] | undefined;
  for (let at = 0; ; ) {
    if (BLOCK - (at % BLOCK) < HEADER) at += BLOCK - (at % BLOCK);
    if (at >= bytes.length) return { records, torn: parts !== undefined };
    const fragment = readFragment(bytes, at, what);
    if (fragment === undefined) return { records, torn: true };
    const { type, payload } = fragment;
    if ((type === FULL || type === FIRST) !== (parts === undefined)) throw misplaced(what, at);
    parts = [...(parts ?? []), payload];
    if (type === FULL || type === LAST) {
      records.push(parts.length === 1 ? payload : concat(...parts));
      parts = undefined;
    }
    at += HEADER + payload.length;
  }
}

/** Undefined where the file ends before the fragment does. */
function readFragment(
  bytes: Uint8Array,
  at: number,
  what: string,
): { readonly type: number; readonly payload: Uint8Array } | undefined {
  if (at + HEADER > bytes.length) return undefined;
  const header = asBuffer(bytes.subarray(at, at + HEADER));
  const length = header.readUInt16LE(4);
  const type = header.readUInt8(6);
  const end = at + HEADER + length;
  if ((at % BLOCK) + HEADER + length > BLOCK) throw misplaced(what, at);
  if (end > bytes.length) return undefined;
  if (isZero(bytes, at, end)) return restIsZero(bytes, at, what);
  if (masked(crc32c(bytes, at + HEADER - 1, end)) !== header.readUInt32LE(0)) {
    throw damaged(`the record at ${at} of ${what} does not match its checksum`);
  }
  if (type !== FULL && type !== FIRST && type !== MIDDLE && type !== LAST) throw misplaced(what, at);
  return { type, payload: bytes.subarray(at + HEADER, end) };
}

/** A power cut can leave a file longer than what reached the disk: zeros to the end. */
function restIsZero(bytes: Uint8Array, at: number, what: string): undefined {
  if (!isZero(bytes, at, bytes.length)) throw misplaced(what, at);
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

const misplaced = (what: string, at: number): Error => damaged(`there is no record at ${at} of ${what}`);
