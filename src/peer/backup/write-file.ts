import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { syncFolder } from '../../base/whole-file.js';
import type { PieceChain } from '../../crypto/backup.js';
import { whereThereIsRoom } from '../storage/no-room.js';
import { framed, MAGIC, PieceBuilder } from './frames.js';
import type { HistoryRecord } from './record.js';

/** A backup as it is written: beside its place, and in it once it is whole and on the disk. */
export class BackupWriter {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #random: Random;
  readonly #piece = new PieceBuilder();
  #chain: PieceChain | undefined;
  bytes = 0;

  private constructor(path: string, partial: string, file: FileHandle, random: Random) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    this.#random = random;
  }

  /** @throws Failure usage 'backup-unwritable', limit 'disk-full' */
  static async begin(path: string, header: Uint8Array, random: Random): Promise<BackupWriter> {
    const partial = `${path}.part-${hex(random.bytes(4))}`;
    const file = await explained(path, () => open(partial, 'wx', 0o600));
    const writer = new BackupWriter(path, partial, file, random);
    try {
      await writer.#write(MAGIC);
      await writer.#write(framed(header));
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    return writer;
  }

  /** A piece that is sealed already. */
  copy(sealed: Uint8Array): Promise<void> {
    return this.#write(framed(sealed));
  }

  /** What is added from now on follows `chain`. */
  continue(chain: PieceChain): void {
    this.#chain = chain;
  }

  async add(record: HistoryRecord): Promise<void> {
    if (this.#piece.add(record)) await this.#close();
  }

  /** @throws Failure usage 'backup-unwritable', limit 'disk-full' */
  async finish(): Promise<void> {
    if (!this.#piece.isEmpty) await this.#close();
    await explained(this.#path, async () => {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#partial, this.#path);
      await syncFolder(dirname(this.#path));
    });
  }

  /** Nothing of it stays. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#partial, { force: true });
  }

  async #close(): Promise<void> {
    await this.#write(framed(this.#chain!.seal(this.#piece.take(), this.#random)));
    // Others of this process have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await explained(this.#path, async () => {
      for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    });
    this.bytes += bytes.length;
  }
}

/** Whatever fails, nothing of the new file stays. */
export async function whole<T>(writer: BackupWriter, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

const explained = <T>(path: string, work: () => Promise<T>): Promise<T> =>
  whereThereIsRoom('There is no room for the backup on that disk; what was there is as it was.', work).catch(
    (error: unknown) => {
      if (error instanceof Failure) throw error;
      throw new Failure('backup-unwritable', `${path} cannot be written: ${(error as Error).message}`, {
        cause: error,
      });
    },
  );
