import { asBuffer, concat } from '../../base/bytes.js';
import { damaged } from '../failures.js';
import { seal, unseal } from './envelope.js';

/**
 * One message of a log: entries that were appended together, all or none of them. A message without entries records that
 * the log was trimmed. Layout of the sealed value: the log's first position when it was written and the position of the
 * first entry (8 bytes each, big-endian), then each entry after its length (4 bytes).
 */
export interface Batch {
  /** Entries before this one are trimmed. */
  readonly first: number;
  readonly position: number;
  readonly values: readonly Uint8Array[];
}

const HEAD = 16;

export function encodeBatch(subject: string, { first, position, values }: Batch): Uint8Array {
  const head = new Uint8Array(HEAD);
  asBuffer(head).writeBigUInt64BE(BigInt(first), 0);
  asBuffer(head).writeBigUInt64BE(BigInt(position), 8);
  const parts = values.flatMap((value) => {
    const length = new Uint8Array(4);
    asBuffer(length).writeUInt32BE(value.length);
    return [length, value];
  });
  return seal(subject, concat(head, ...parts));
}

/** @throws Failure storage 'store-newer', 'store-damaged' */
export function decodeBatch(subject: string, sealed: Uint8Array): Batch {
  const bytes = asBuffer(unseal(subject, sealed));
  const values: Uint8Array[] = [];
  if (bytes.length < HEAD) throw damaged(`an entry of a log is cut off (${subject})`);
  for (let at = HEAD; at < bytes.length; ) {
    const end = at + 4 > bytes.length ? Number.POSITIVE_INFINITY : at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw damaged(`an entry of a log is cut off (${subject})`);
    values.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  return { first: Number(bytes.readBigUInt64BE(0)), position: Number(bytes.readBigUInt64BE(8)), values };
}
