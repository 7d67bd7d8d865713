import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../base/errors.js';

/**
 * A folder held open, and names used relative to it. On Linux every name is looked up through the descriptor
 * (/proc/self/fd/N/name, which is what openat does), so that nobody who swaps a folder for a link while files are written
 * leads a write elsewhere. Elsewhere the folder's real path is looked at before each use, which narrows the gap and does
 * not close it (docs/threat-model.md).
 */

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
const BY_DESCRIPTOR = process.platform === 'linux';

export const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

export class Folder {
  readonly #path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /** The folder a person named: links on the way to it are theirs. */
  static open(path: string): Folder {
    const real = realpathSync(path);
    return new Folder(real, BY_DESCRIPTOR ? openSync(real, O_RDONLY | O_DIRECTORY) : -1);
  }

  #at(name: string): string {
    if (BY_DESCRIPTOR) return `/proc/self/fd/${this.#fd}/${name}`;
    if (realpathSync(this.#path) !== this.#path) throw moved(this.#path);
    return join(this.#path, name);
  }

  /** For showing; not for opening. */
  pathOf(...names: string[]): string {
    return join(this.#path, ...names);
  }

  /** @throws Failure 'storage' where the name is a link or a file */
  child(name: string, create: boolean): Folder {
    if (create) this.#make(name);
    const path = this.#at(name);
    if (!BY_DESCRIPTOR) {
      if (!lstatSync(path).isDirectory()) throw moved(path);
      return new Folder(path, -1);
    }
    try {
      return new Folder(this.pathOf(name), openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    } catch (error) {
      if (isCode(error, 'ELOOP', 'ENOTDIR')) throw moved(this.pathOf(name));
      throw error;
    }
  }

  #make(name: string): void {
    try {
      mkdirSync(this.#at(name), { mode: 0o700 });
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }

  /** @param flags beside O_NOFOLLOW, which always holds */
  openFile(name: string, flags: number): number {
    try {
      return openSync(this.#at(name), flags | O_NOFOLLOW, 0o600);
    } catch (error) {
      if (isCode(error, 'ELOOP')) throw moved(this.pathOf(name));
      throw error;
    }
  }

  has(name: string): boolean {
    return lstatSync(this.#at(name), { throwIfNoEntry: false }) !== undefined;
  }

  isFolder(name: string): boolean {
    return lstatSync(this.#at(name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  names(): string[] {
    return readdirSync(this.#at('.'));
  }

  /**
   * Moves an entry to a name of another folder that is free. A file gets there by a link, which fails where something stands.
   * @returns false where the name is taken
   */
  moveTo(name: string, target: Folder, newName: string): boolean {
    if (target.has(newName)) return false;
    if (this.isFolder(name)) {
      return this.#renameTo(name, target, newName);
    }
    try {
      linkSync(this.#at(name), target.#at(newName));
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      if (!isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
      // A file system without hard links (FAT): the check above has to do.
      renameSync(this.#at(name), target.#at(newName));
      return true;
    }
    unlinkSync(this.#at(name));
    return true;
  }

  #renameTo(name: string, target: Folder, newName: string): boolean {
    try {
      renameSync(this.#at(name), target.#at(newName));
      return true;
    } catch (error) {
      if (isCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR')) return false;
      throw error;
    }
  }

  /** Removes a file, or a folder with what is in it; links are removed, not followed. */
  remove(name: string): void {
    if (!this.has(name)) return;
    if (!this.isFolder(name)) {
      unlinkSync(this.#at(name));
      return;
    }
    const inner = this.child(name, false);
    try {
      for (const entry of inner.names()) inner.remove(entry);
    } finally {
      inner.close();
    }
    rmdirSync(this.#at(name));
  }

  /** What happened to names in it survives a power cut. */
  sync(): void {
    if (BY_DESCRIPTOR) fsyncSync(this.#fd);
  }

  close(): void {
    if (BY_DESCRIPTOR) closeSync(this.#fd);
  }
}

const moved = (path: string): Failure =>
  new Failure('folder-changed', `'${path}' is a link or was moved while files were being written`);
