import { Failure } from '../../base/errors.js';
import type { PieceChain } from '../../crypto/backup.js';
import { firstOf } from './frames.js';
import type { HistoryMerge } from './merge.js';
import type { BackupFile } from './read-file.js';
import type { AccountRecord, HistoryRecord } from './record.js';

export const isAccount = (record: HistoryRecord): record is AccountRecord => record.kind === 'account';

/**
 * Reads the backup to its end before anything of it is taken: every piece is as it was sealed. What a piece says is decoded
 * once, when it is taken; here its beginning tells whose it is, since what one device writes begins a piece.
 * @returns whose it is, as its newest part says
 * @throws Failure storage 'backup-damaged', 'backup-truncated'
 */
export async function verified(file: BackupFile, pieces: PieceChain): Promise<AccountRecord> {
  let account: AccountRecord | undefined;
  for await (const { plaintext } of file.pieces(pieces)) {
    const first = firstOf(plaintext);
    if (first && isAccount(first)) account = first;
  }
  if (account) return account;
  throw new Failure('backup-damaged');
}

export async function takeIn(file: BackupFile, pieces: PieceChain, merge: HistoryMerge): Promise<void> {
  for await (const records of file.records(pieces)) {
    for (const record of records) await merge.take(record);
  }
  await merge.settle();
}
