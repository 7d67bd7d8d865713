import { Failure } from '../../base/errors.js';
import type { PieceChain } from '../../crypto/backup.js';
import type { HistoryMerge } from './merge.js';
import type { BackupFile } from './read-file.js';
import type { AccountRecord, HistoryRecord } from './record.js';

export const isAccount = (record: HistoryRecord): record is AccountRecord => record.kind === 'account';

/**
 * Reads the backup to its end before anything of it is taken.
 * @returns whose it is, as its newest part says
 * @throws Failure storage 'backup-damaged', 'backup-truncated'
 */
export async function verified(file: BackupFile, pieces: PieceChain): Promise<AccountRecord> {
  let account: AccountRecord | undefined;
  for await (const records of file.records(pieces)) account = records.find(isAccount) ?? account;
  if (account) return account;
  throw new Failure('backup-damaged');
}

export async function takeIn(file: BackupFile, pieces: PieceChain, merge: HistoryMerge): Promise<void> {
  for await (const records of file.records(pieces)) {
    for (const record of records) await merge.take(record);
  }
  await merge.settle();
}
