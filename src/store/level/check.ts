import { sameBytes } from '../../base/bytes.js';
import { damaged } from '../failures.js';
import type { CheckReport } from '../local.js';
import type { LevelBlobs } from './blobs.js';
import { type Database, scan } from './database.js';
import { unseal, unsealRecord } from './envelope.js';
import { ids, type Kind, type ParsedId, parseId } from './ids.js';
import { loadLog } from './logstate.js';

interface Checked {
  readonly database: Database;
  /** Reads the files of the database while it is in use; throws if something is wrong, or was in motion. */
  inspect(): Promise<unknown>;
}

/** Compares every checksum there is: LevelDB's files, values, blobs. Nothing is changed. */
export async function checkStore(store: Checked, blobs: Pick<LevelBlobs, 'verify'>): Promise<CheckReport> {
  const report = { records: 0, entries: 0, blobs: 0, bytes: 0, problems: await fileProblems(store) };
  const { database } = store;
  let before: ParsedId | undefined;
  for await (const [id, sealed] of scan(database, { from: '', to: '\x7f' })) {
    try {
      const parsed = parseId(id);
      if (parsed?.kind === 'l') await assertFollows(database, before, parsed);
      before = parsed;
      await count(id, sealed, parsed?.kind, report, { blobs, database });
    } catch (error) {
      report.problems.push(textOf(error));
    }
  }
  return report;
}

/** LevelDB goes on working on its files meanwhile: what is wrong only once was only under way. */
async function fileProblems(store: Checked): Promise<string[]> {
  let before: string | undefined;
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await store.inspect();
      return [];
    } catch (error) {
      const problem = textOf(error);
      if (problem === before) return [problem];
      before = problem;
    }
  }
  return [before!];
}

type Counts = { -readonly [Name in 'records' | 'entries' | 'blobs' | 'bytes']: number };

async function count(
  id: string,
  sealed: Uint8Array,
  kind: Kind | undefined,
  counts: Counts,
  store: { readonly blobs: Pick<LevelBlobs, 'verify'>; readonly database: Database },
): Promise<void> {
  if (kind === 'r') {
    counts.bytes += unsealRecord(id, sealed).value.length;
    counts.records++;
  } else if (kind === 'l') {
    counts.bytes += unseal(id, sealed).length;
    counts.entries++;
  } else if (kind === 'b') {
    counts.bytes += await verifyBlob(id, sealed, store);
    counts.blobs++;
  } else {
    unseal(id, sealed);
  }
}

/** A blob that was replaced or deleted meanwhile is not damaged. */
async function verifyBlob(
  id: string,
  sealed: Uint8Array,
  store: { readonly blobs: Pick<LevelBlobs, 'verify'>; readonly database: Database },
): Promise<number> {
  try {
    return await store.blobs.verify(id, sealed);
  } catch (error) {
    const now = await store.database.get(id);
    if (now !== undefined && sameBytes(now, sealed)) throw error;
    return 0;
  }
}

/** The entries of a log have no gaps, unless they were trimmed while we read. */
async function assertFollows(database: Database, before: ParsedId | undefined, entry: ParsedId): Promise<void> {
  if (before?.kind !== 'l' || before.space !== entry.space || before.name !== entry.name) return;
  const expected = before.position! + 1;
  if (entry.position === expected) return;
  const { first } = await loadLog(database, ids.ends(entry.space, entry.name));
  if (first <= expected) throw damaged(`entry ${expected} of the log '${entry.name}' is missing`);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
