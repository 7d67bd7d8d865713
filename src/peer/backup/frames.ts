import { concat, utf8 } from '../../base/bytes.js';
import { hasCode } from '../../base/errors.js';
import { LENGTH_BYTES } from '../../crypto/backup.js';
import { BACKUP_PIECE_BYTES, BACKUP_RECORD_BYTES } from '../../wire/limits.js';
import { type HistoryRecord, isKnownKind, kindCodec, recordCodec } from './record.js';

/** The first bytes of every backup. */
export const MAGIC = utf8('p2pchat backup 1\n');

/** Something with its length in front. */
export function framed(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

export const lengthAt = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH_BYTES).getUint32(0);

/** Gathers records until they make a piece. */
export class PieceBuilder {
  #frames: Uint8Array[] = [];
  #bytes = 0;

  /** @returns whether the piece is to be closed */
  add(record: HistoryRecord): boolean {
    const frame = framed(recordCodec.encode(record));
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return this.#bytes >= BACKUP_PIECE_BYTES;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  take(): Uint8Array {
    this.#bytes = 0;
    return concat(...this.#frames.splice(0));
  }
}

/** Undefined for a piece that is cut where no record ends, or has one that is none. */
export function recordsOf(piece: Uint8Array): HistoryRecord[] | undefined {
  const records: HistoryRecord[] = [];
  for (let at = 0; at < piece.length; ) {
    const from = at + LENGTH_BYTES;
    if (from > piece.length) return undefined;
    at = from + lengthAt(piece, at);
    if (at > piece.length || at - from > BACKUP_RECORD_BYTES) return undefined;
    try {
      const record = decoded(piece.subarray(from, at));
      if (record !== undefined) records.push(record);
    } catch (error) {
      if (!hasCode(error, 'malformed')) throw error;
      return undefined;
    }
  }
  return records;
}

/** Undefined for what only a newer program knows. */
function decoded(bytes: Uint8Array): HistoryRecord | undefined {
  try {
    return recordCodec.decode(bytes);
  } catch (error) {
    if (!hasCode(error, 'malformed') || isKnownKind(kindCodec.decode(bytes).kind)) throw error;
    return undefined;
  }
}

/** The first record alone; undefined where it can't be read. */
export function firstOf(piece: Uint8Array): HistoryRecord | undefined {
  if (piece.length < LENGTH_BYTES) return undefined;
  return recordsOf(piece.subarray(0, LENGTH_BYTES + lengthAt(piece, 0)))?.[0];
}
