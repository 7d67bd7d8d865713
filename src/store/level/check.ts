import type { CheckReport } from '../local.js';
import type { LevelBlobs } from './blobs.js';
import { type Database, scan } from './database.js';
import { unseal, unsealRecord } from './envelope.js';
import { parseId } from './ids.js';

/** Reads every value and every blob, and compares their checksums. */
export async function checkContents(database: Database, blobs: LevelBlobs): Promise<CheckReport> {
  const report = { records: 0, entries: 0, blobs: 0, bytes: 0, problems: [] as string[] };
  for await (const [id, sealed] of scan(database, { from: '', to: '\x7f' })) {
    try {
      const parsed = parseId(id);
      if (parsed?.kind === 'r') {
        report.bytes += unsealRecord(id, sealed).value.length;
        report.records++;
      } else if (parsed?.kind === 'l') {
        report.bytes += unseal(id, sealed).length;
        report.entries++;
      } else if (parsed?.kind === 'b') {
        report.bytes += await blobs.verify(id, sealed);
        report.blobs++;
      } else {
        unseal(id, sealed);
      }
    } catch (error) {
      report.problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return report;
}
