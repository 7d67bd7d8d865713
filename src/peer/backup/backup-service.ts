import { hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type BackupSecret, beginBackup, type PieceChain } from '../../crypto/backup.js';
import type { SigningKey } from '../../crypto/keys.js';
import { assertPassword } from '../../crypto/password.js';
import type { LocalStore } from '../../store/local.js';
import { parseLink } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import type { ExportRecord } from '../../wire/signed-export.js';
import type { BackupReport, BackupsApi, ImportReport } from '../api/backup.js';
import type { Tables } from '../storage/tables.js';
import { changedSince } from './collect.js';
import { groupNamed, lineRecord } from './exported-line.js';
import { recordsOf } from './frames.js';
import { markNow } from './mark.js';
import { HistoryMerge, type MergeInit } from './merge.js';
import { isSignedExport, verifyExport } from './read-export.js';
import { BackupFile } from './read-file.js';
import { type AccountRecord, type HistoryRecord, speaking } from './record.js';
import { Replaced } from './replaced.js';
import { isAccount, takeIn, verified } from './take-in.js';
import { BackupWriter, whole } from './write-file.js';

export interface BackupServiceInit
  extends Pick<MergeInit, 'history' | 'enqueue' | 'learnContact' | 'learnPreferences' | 'keysCame'> {
  readonly self: { readonly user: string; readonly device: string; readonly identity: SigningKey };
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  readonly directory: string;
  exportSigned(group: string): AsyncIterable<ExportRecord>;
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is known of a backup before anything is added to it. */
interface Begun {
  readonly writer: BackupWriter;
  readonly pieces: PieceChain;
  readonly file: Uint8Array;
  /** What was written here since then is not in it. */
  readonly since: number;
  /** Lines that came later than this are not in it either; those before may be. */
  readonly at: number;
  readonly mode: BackupReport['mode'];
}

/**
 * Backups of a running peer:
 *
 * 1. What is in the file is copied beside it, each piece verified with all before it.
 * 2. A row is written: what has a revision up to that row's is on disk, and is to be in the file.
 * 3. Behind the old pieces come the rows written since the last backup to this file, or all of them where this device does
 *    not know how the file ends. Chat goes on: what changes during the first reading is read once more.
 * 4. The file takes the place of the one before, and its end is remembered.
 * 5. Where a line that was in it has been taken back or edited since, the file is written anew without the words of before.
 */
export class BackupService implements BackupsApi {
  readonly #init: BackupServiceInit;
  /** One after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(init: BackupServiceInit) {
    this.#init = init;
  }

  write(path: string, passphrase?: string): Promise<BackupReport> {
    return this.#inTurn(async () => {
      if (passphrase !== undefined) await assertPassword(passphrase, [this.#init.self.user]);
      const secret = this.#secret(passphrase);
      const begun = await this.#begin(path, secret);
      const replaced = new Replaced(begun.at);
      const { lines, mark } = await whole(begun.writer, () => this.#add(begun, replaced));
      // Behind all that was read.
      const row = { revision: mark, at: this.#init.clock.now() };
      let { bytes } = begun.writer;
      // Remembered only once they are gone: broken off in between, everything is looked at again.
      if (replaced.isEmpty) await this.#remember(begun.file, begun.pieces, row);
      else bytes = await this.#purge(path, secret, replaced, row);
      return { path, lines, bytes, mode: begun.mode };
    });
  }

  exportSigned(group: string): AsyncIterable<ExportRecord> {
    return this.#init.exportSigned(group);
  }

  import(path: string, passphrase?: string): Promise<ImportReport> {
    return this.#inTurn(async () => {
      if (await isSignedExport(path)) return this.#importSigned(path);
      const secret = this.#secret(passphrase);
      const file = await BackupFile.need(path);
      const pieces = await this.#unlock(file, secret);
      this.#assertOwn(await verified(file, pieces.fork()));
      const merge = this.#merge();
      await takeIn(file, pieces, merge);
      return { ...merge.counts };
    });
  }

  /** Nothing of it is taken before all of it is verified. */
  async #importSigned(path: string): Promise<ImportReport> {
    const { directory, clock, self, tables } = this.#init;
    const { fingerprint } = parseLink(directory);
    const { room, by } = await verifyExport(path, fingerprint);
    const named = await groupNamed(tables, room.name);
    if (named !== undefined && named !== room.room) throw new Failure('export-other-room');
    const merge = this.#merge();
    await merge.take({ kind: 'account', user: by.user, directory, device: by.device, at: clock.now() });
    await verifyExport(path, fingerprint, (line) => merge.take(lineRecord(line, room.name, self.user)));
    await merge.settle();
    return { ...merge.counts };
  }

  #merge(): HistoryMerge {
    const { tables, disk, history, clock, enqueue, learnContact, learnPreferences, keysCame } = this.#init;
    return new HistoryMerge({
      ...{ tables, disk, history, enqueue, learnContact, learnPreferences, ...(keysCame && { keysCame }) },
      fresh: false,
      now: () => clock.now(),
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #secret(passphrase: string | undefined): BackupSecret {
    if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
    return { kind: 'phrase', identity: this.#init.self.identity };
  }

  async #begin(path: string, secret: BackupSecret): Promise<Begun> {
    const { random, tables } = this.#init;
    const before = await BackupFile.find(path);
    if (before === undefined) {
      const { header, file, pieces } = await beginBackup(secret, random);
      const writer = await BackupWriter.begin(path, header, random);
      return { writer, pieces, file, since: 0, at: 0, mode: 'new' };
    }
    const pieces = await this.#unlock(before, secret);
    const { file } = before.header;
    const writer = await BackupWriter.begin(path, before.encodedHeader, random);
    await whole(writer, async () => {
      let isFirst = true;
      for await (const { sealed, plaintext } of before.pieces(pieces)) {
        if (isFirst) this.#assertOwn(recordsOf(plaintext)?.find(isAccount));
        isFirst = false;
        await writer.copy(sealed);
      }
    });
    const known = await tables.backups.get(hex(file));
    // Another device has written behind ours, or this profile is an older copy of the one that wrote it.
    const goesOn = known !== undefined && sameBytes(known.tail, pieces.tail);
    const here = goesOn ? { since: known.revision, at: known.at } : { since: 0, at: Number.POSITIVE_INFINITY };
    return { writer, pieces, file, ...here, mode: 'added' };
  }

  /** With the account's own phrase at hand a backup that it doesn't open is another account's. */
  async #unlock(file: BackupFile, secret: BackupSecret): Promise<PieceChain> {
    try {
      return await file.unlock(secret);
    } catch (error) {
      const isOther = error instanceof Failure && error.code === 'backup-locked' && secret.kind === 'phrase';
      throw isOther ? new Failure('backup-other-account', undefined, { cause: error }) : error;
    }
  }

  async #add({ writer, pieces, since }: Begun, replaced: Replaced): Promise<{ lines: number; mark: number }> {
    const { tables } = this.#init;
    writer.continue(pieces);
    await writer.add(speaking(this.#init));
    const mark = await markNow(this.#init);
    let lines = 0;
    const take = async (record: HistoryRecord): Promise<void> => {
      if (record.kind === 'line') {
        lines++;
        replaced.note(record);
      }
      await writer.add(record);
    };
    for await (const record of changedSince(tables, since)) await take(record);
    // A line that has moved meanwhile stood nowhere when its old and its new place were read.
    const isAlone = (await markNow(this.#init)) === mark + 1;
    if (!isAlone) for await (const record of changedSince(tables, mark)) await take(record);
    await writer.add({ kind: 'end', at: this.#init.clock.now(), lines });
    await writer.finish();
    return { lines, mark };
  }

  async #remember(file: Uint8Array, { tail }: PieceChain, row: { revision: number; at: number }): Promise<void> {
    await this.#init.disk.write([this.#init.tables.backups.put([hex(file)], { ...row, tail })]);
  }

  async #purge(path: string, secret: BackupSecret, replaced: Replaced, row: { revision: number; at: number }) {
    const { random } = this.#init;
    const before = await BackupFile.need(path);
    const old = await this.#unlock(before, secret);
    const { header, file, pieces } = await beginBackup(secret, random);
    const writer = await BackupWriter.begin(path, header, random);
    writer.continue(pieces);
    await whole(writer, async () => {
      for await (const records of before.records(old)) {
        for (const record of records) if (!replaced.has(record)) await writer.add(record);
      }
      await writer.finish();
    });
    await this.#remember(file, pieces, row);
    return writer.bytes;
  }

  #assertOwn(account: AccountRecord | undefined): void {
    const { self, directory } = this.#init;
    const isOwn =
      account !== undefined &&
      foldName(account.user) === foldName(self.user) &&
      parseLink(account.directory).fingerprint === parseLink(directory).fingerprint;
    if (!isOwn) throw new Failure('backup-other-account');
  }
}
