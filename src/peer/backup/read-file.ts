import { type FileHandle, open } from 'node:fs/promises';
import { sameBytes } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import {
  type BackupHeader,
  type BackupSecret,
  HEADER_BYTES,
  headerCodec,
  LENGTH_BYTES,
  openBackup,
  type PieceChain,
  SEALED_PIECE_BYTES,
} from '../../crypto/backup.js';
import { lengthAt, MAGIC, recordsOf } from './frames.js';
import type { HistoryRecord } from './record.js';

/** A piece as it lies in the file, and what it says. */
export interface Piece {
  readonly sealed: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** A backup's header and then its pieces, one after the other: never more than one of them is held. */
export class BackupFile {
  readonly path: string;
  readonly header: BackupHeader;
  readonly #encoded: Uint8Array;

  private constructor(path: string, encoded: Uint8Array) {
    this.path = path;
    this.#encoded = encoded;
    this.header = headerCodec.decode(encoded);
  }

  /** Undefined where there is no such file. @throws Failure usage 'file-unreadable', storage 'backup-invalid' */
  static async find(path: string): Promise<BackupFile | undefined> {
    const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unreadable(path, error);
    });
    if (file === undefined) return undefined;
    try {
      return new BackupFile(path, await readHeader(file, path));
    } catch (error) {
      throw hasCode(error, 'malformed') ? invalid(path, error) : unread(path, error);
    } finally {
      await file.close();
    }
  }

  /** @throws Failure usage 'file-unreadable', storage 'backup-invalid' */
  static async need(path: string): Promise<BackupFile> {
    const found = await BackupFile.find(path);
    if (found) return found;
    throw new Failure('file-unreadable', `There is no file ${path}.`, { hint: 'Check the path.' });
  }

  /** @throws Failure credentials 'backup-locked', usage 'backup-other-secret' */
  async unlock(secret: BackupSecret): Promise<PieceChain> {
    if (secret.kind !== this.header.by.kind) throw otherSecret(this.header.by.kind);
    const chain = await openBackup(this.#encoded, this.header, secret);
    if (chain) return chain;
    throw new Failure(
      'backup-locked',
      `${secret.kind === 'phrase' ? 'This recovery phrase' : 'This passphrase'} does not open the backup.`,
    );
  }

  /**
   * Every piece, in order, each verified with all before it.
   * @throws Failure storage 'backup-damaged', 'backup-truncated'
   */
  async *pieces(chain: PieceChain): AsyncGenerator<Piece> {
    const file = await open(this.path, 'r').catch((error: unknown) => {
      throw unreadable(this.path, error);
    });
    try {
      let last: HistoryRecord | undefined;
      let at = MAGIC.length + LENGTH_BYTES + this.#encoded.length;
      for (;;) {
        const sealed = await frameAt(file, at, SEALED_PIECE_BYTES);
        if (sealed === undefined) break;
        at += LENGTH_BYTES + sealed.length;
        const plaintext = chain.open(sealed);
        if (plaintext === undefined) throw new Failure('backup-damaged');
        last = lastOf(plaintext) ?? last;
        yield { sealed, plaintext };
      }
      if (last?.kind !== 'end') throw truncated();
    } catch (error) {
      throw unread(this.path, error);
    } finally {
      await file.close();
    }
  }

  async *records(chain: PieceChain): AsyncGenerator<readonly HistoryRecord[]> {
    for await (const { plaintext } of this.pieces(chain)) {
      const records = recordsOf(plaintext);
      if (records === undefined) throw new Failure('backup-damaged');
      yield records;
    }
  }

  /** The frame as it begins the file. */
  get encodedHeader(): Uint8Array {
    return this.#encoded;
  }
}

/** The last record alone is decoded. */
function lastOf(piece: Uint8Array): HistoryRecord | undefined {
  let from = 0;
  for (let at = 0; at < piece.length; at += LENGTH_BYTES + lengthAt(piece, at)) from = at;
  return recordsOf(piece.subarray(from))?.at(-1);
}

async function readHeader(file: FileHandle, path: string): Promise<Uint8Array> {
  const magic = await exactly(file, 0, MAGIC.length);
  if (magic === undefined || !sameBytes(magic, MAGIC)) throw invalid(path);
  const encoded = await frameAt(file, MAGIC.length, HEADER_BYTES);
  if (encoded === undefined) throw truncated();
  return encoded;
}

/** Undefined at the end of the file. */
async function frameAt(file: FileHandle, at: number, most: number): Promise<Uint8Array | undefined> {
  const length = new Uint8Array(LENGTH_BYTES);
  const { bytesRead } = await file.read(length, 0, LENGTH_BYTES, at);
  if (bytesRead === 0) return undefined;
  const bytes = lengthAt(length, 0);
  if (bytesRead === LENGTH_BYTES && bytes > most) throw new Failure('backup-damaged');
  const frame = bytesRead < LENGTH_BYTES ? undefined : await exactly(file, at + LENGTH_BYTES, bytes);
  if (frame === undefined) throw truncated();
  return frame;
}

async function exactly(file: FileHandle, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) return undefined;
    read += bytesRead;
  }
  return bytes;
}

const truncated = (): Failure => new Failure('backup-truncated');

const invalid = (path: string, cause?: unknown): Failure =>
  new Failure('backup-invalid', `${path} is not a backup that this program can read.`, { cause });

/** Where it was not the content that was wrong, the disk was, or it is a folder. */
const unread = (path: string, error: unknown): unknown => (error instanceof Failure ? error : unreadable(path, error));

const unreadable = (path: string, cause: unknown): Failure =>
  new Failure('file-unreadable', `${path} cannot be read: ${(cause as Error).message}`, { cause });

const otherSecret = (kind: 'phrase' | 'passphrase'): Failure =>
  new Failure(
    'backup-other-secret',
    `This backup is sealed under ${kind === 'phrase' ? 'the recovery phrase' : 'a passphrase'}.`,
    {
      hint: kind === 'phrase' ? 'Leave --under out.' : 'Give --under passphrase.',
    },
  );
