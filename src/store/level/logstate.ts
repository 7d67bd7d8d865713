import { asBuffer } from '../../base/bytes.js';
import { unordered } from '../keys.js';
import type { Op } from './commit.js';
import type { Database } from './database.js';
import { seal, unseal } from './envelope.js';
import { ids, lastPart, spaceOf } from './ids.js';

/** What is known of a log, with what is on the way to the disk. */
export interface LogState {
  first: number;
  next: number;
  /** `next` as far as it is on the disk: what readers may see. */
  stored: number;
  /** Entries before this are deleted; those from here to `first` may still lie there. */
  swept: number;
  /** The record of its ends exists: it makes the log known by name. */
  recorded: boolean;
}

/**
 * The record of the ends: `first`, `swept` and a lower bound of `next`, 8 bytes each, big-endian. It is written when a
 * log begins and when it is trimmed; the entries tell the actual `next`, unless all are trimmed.
 */
export function endsOp(space: string, log: string, { first, next, swept }: LogState): Op {
  const key = ids.ends(space, log);
  const body = new Uint8Array(24);
  const buffer = asBuffer(body);
  [first, swept, first === next ? next : 0].forEach((value, index) => {
    buffer.writeBigUInt64BE(BigInt(value), index * 8);
  });
  return { type: 'put', key, value: seal(key, body) };
}

export async function loadLog(database: Database, id: string): Promise<LogState> {
  const sealed = await database.get(id);
  if (sealed === undefined) return { first: 0, next: 0, stored: 0, swept: 0, recorded: false };
  const ends = asBuffer(unseal(id, sealed));
  const [first, swept, bound] = [0, 8, 16].map((at) => Number(ends.readBigUInt64BE(at))) as [number, number, number];
  const space = spaceOf(id);
  const log = lastPart(id);
  const page = await database.page({
    from: ids.entry(space, log, first),
    to: ids.afterEntries(space, log),
    reverse: true,
    limit: 1,
  });
  const last = page.entries[0]?.[0];
  const next = Math.max(first, bound, last === undefined ? 0 : unordered(lastPart(last)) + 1);
  return { first, next, stored: next, swept, recorded: true };
}
