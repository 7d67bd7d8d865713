import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Small files that are whole or not there, also after a crash: written beside their place, and put there from the disk. */

let written = 0;

/** Makes created, renamed and deleted names of a folder durable. Windows has no such thing and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** In place of what is there. @throws what the file system says; what was there is there still, then */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const file = await WholeFile.begin(path);
  try {
    await file.replace(content);
  } finally {
    await file.close();
  }
}

/** @returns whether it was written: what is there stays. @throws what the file system says */
export async function createWholeFile(path: string, content: string | Uint8Array): Promise<boolean> {
  const file = await WholeFile.begin(path);
  try {
    await file.create(content);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await file.close();
  }
}

/** A file whose place is tried before there is anything to write: for this user alone to read. */
export class WholeFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** Another program that writes the same file has another name for it until then. @throws what the file system says */
  static async begin(path: string): Promise<WholeFile> {
    const temporary = `${path}.${process.pid}-${++written}.new`;
    return new WholeFile(path, temporary, await open(temporary, 'w', 0o600));
  }

  replace(content: string | Uint8Array): Promise<void> {
    return this.#place(content, () => rename(this.#temporary, this.#path));
  }

  /** @throws with EEXIST where there is one */
  create(content: string | Uint8Array): Promise<void> {
    return this.#place(content, () => link(this.#temporary, this.#path));
  }

  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#temporary, { force: true });
  }

  async #place(content: string | Uint8Array, place: () => Promise<void>): Promise<void> {
    await this.#file.writeFile(content);
    await this.#file.sync();
    // Windows renames no file that is open.
    await this.#file.close();
    await place();
    await syncFolder(dirname(this.#path));
  }
}
