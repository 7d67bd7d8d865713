import { createHash } from 'node:crypto';
import { constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { access, lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Code, Failure, hasCode } from '../../base/errors.js';
import { MANIFEST_BYTES, TRANSFER_FILES, TRANSFER_PATH_BYTES, TRANSFER_PATH_DEPTH } from '../../wire/limits.js';
import { cleanLine } from '../../wire/text.js';
import { blockCount, blockLength, type Manifest, manifestCodec } from '../../wire/transfer-manifest.js';
import type { BlockSource } from '../protocol/block-scheduler.js';
import { HASH_BYTES, HashTree, leafHash } from '../protocol/hash-tree.js';
import { Layout } from '../protocol/layout.js';
import { isCode } from './folder.js';
import { OpenFiles } from './open-files.js';

/** A file as it was when it was offered: it is sent as long as it is still that. */
export interface SourceFile {
  /** On this disk. */
  readonly path: string;
  /** In the manifest. */
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
}

/** What was found in a folder and is not sent. */
export interface LeftOut {
  /** As it would stand in the manifest; a folder ends in `/`. */
  readonly name: string;
  readonly why: string;
}

/** What can be sent: remembered beside the offer, so that a transfer goes on after a restart. */
export interface Source {
  readonly files: readonly SourceFile[];
  readonly manifest: Manifest;
  /** Leaves of the hash tree, joined, where the manifest has its root. */
  readonly leaves?: Uint8Array;
  readonly leftOut?: readonly LeftOut[];
  /** Those with nothing in them, as they would stand in the manifest. */
  readonly folders?: readonly string[];
}

/** Up to this much content is hashed before it is offered: beyond, nobody would wait for it. */
const HASHED_BYTES = 64 << 20;
const SMALL_BYTES = 32 << 20;
/** How often a file is looked at while it is being sent, in blocks. */
const LOOK_EVERY = 64;

interface DescribeOptions {
  /** Whether to hash everything first; by default where it is little. */
  readonly tree?: boolean;
  /** What may not be read is left out and named, instead of stopping the rest. */
  readonly skipUnreadable?: boolean;
}

/**
 * Looks at files and folders, in the order given, links not followed.
 * @throws Failure usage 'no-such-file', 'source-unreadable', transfer 'too-many-files', 'path-too-long', 'too-deep', 'list-too-long'
 */
export async function describe(paths: readonly string[], options: DescribeOptions = {}): Promise<Source> {
  const found = new Collection();
  for (const path of paths) await found.add(await existing(path), basename(await realpath(path)), true);
  if (found.unreadable.length > 0 && options.skipUnreadable !== true) throw unreadable(found.unreadable);
  const { files } = found;
  const leftOut = [...found.leftOut, ...found.unreadable];
  if (files.length === 0) throw nothingIn(found.folders, leftOut);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const block = total <= SMALL_BYTES ? 64 << 10 : 256 << 10;
  const plain: Manifest = { files: files.map(({ name, size }) => ({ path: name, size })), block };
  assertOfferable(plain);
  if (!(options.tree ?? total <= HASHED_BYTES)) return { files, manifest: plain, leftOut, folders: found.folders };
  const leaves = await hashLeaves({ files, manifest: plain });
  return { files, manifest: { ...plain, root: treeOf(leaves).root }, leaves, leftOut, folders: found.folders };
}

/** What no receiver would take is found out here, before anything is read, stored or said. */
function assertOfferable(manifest: Manifest): void {
  for (const { path } of manifest.files) {
    if (Buffer.byteLength(path) > TRANSFER_PATH_BYTES) {
      throw unofferable(
        'path-too-long',
        `the path '${cleanLine(path, 60)}' has more than ${TRANSFER_PATH_BYTES} bytes`,
      );
    }
    if (path.split('/').length > TRANSFER_PATH_DEPTH) {
      throw unofferable(
        'too-deep',
        `'${cleanLine(path, 60)}' is more than ${TRANSFER_PATH_DEPTH} levels deep, the file counted`,
      );
    }
  }
  try {
    manifestCodec.encode({ ...manifest, root: new Uint8Array(HASH_BYTES) });
  } catch (error) {
    if (!hasCode(error, 'unencodable')) throw error;
    const names = manifest.files.reduce((sum, { path }) => sum + Buffer.byteLength(path), 0);
    throw unofferable(
      'list-too-long',
      `the names of these ${manifest.files.length} files have ${names} bytes together; the list of one transfer has ${MANIFEST_BYTES}`,
      error,
    );
  }
}

/** A list of files has one at least, as older programs take it: folders without any are said to be that. */
function nothingIn(folders: readonly string[], leftOut: readonly LeftOut[]): Failure {
  const others = leftOut.slice(0, NAMED).map(({ name, why }) => `'${cleanLine(name, 60)}' is ${why}`);
  const found = folders.length > 0 ? ['only empty folders', ...others] : others;
  return new Failure('nothing-to-send', `there are no files in what you named: ${found.join(', ')}`, {
    hint: 'Put a file into it, or pack it into an archive and send that: tar czf NAME.tar.gz FOLDER',
  });
}

const unofferable = (code: Code, message: string, cause?: unknown): Failure =>
  new Failure(code, message, {
    hint: 'Pack them into an archive and send that (tar czf NAME.tar.gz FOLDER), or send them in parts.',
    cause,
  });

async function existing(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    throw new Failure('no-such-file', `'${path}' is not there or cannot be read`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    });
  }
}

/** What is no file and no folder, by the word for it. */
function kindOf(info: Stats): string {
  if (info.isSymbolicLink()) return 'a link';
  if (info.isFIFO()) return 'a pipe';
  return info.isSocket() ? 'a socket' : 'a device';
}

class Collection {
  readonly files: SourceFile[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly folders: string[] = [];
  readonly unreadable: LeftOut[] = [];

  /** @param named by a person: then it may be a link; what is found below it is not followed */
  async add(path: string, name: string, named: boolean): Promise<void> {
    const info = named ? await stat(path) : await lstat(path);
    if (info.isDirectory()) return this.#folder(path, name);
    if (!info.isFile()) {
      this.leftOut.push({ name, why: kindOf(info) });
      return;
    }
    if (!(await isReadable(path))) {
      this.unreadable.push({ name, why: 'not readable' });
      return;
    }
    if (this.files.length === TRANSFER_FILES) {
      throw unofferable('too-many-files', `more than ${TRANSFER_FILES} files in one transfer`);
    }
    this.files.push({ path, name, size: info.size, mtimeMs: info.mtimeMs, executable: (info.mode & 0o100) !== 0 });
  }

  async #folder(path: string, name: string): Promise<void> {
    let entries: string[];
    try {
      entries = (await readdir(path)).sort();
    } catch (error) {
      if (!isCode(error, 'EACCES', 'EPERM')) throw error;
      this.unreadable.push({ name: `${name}/`, why: 'not readable' });
      return;
    }
    if (entries.length === 0) this.folders.push(name);
    for (const entry of entries) await this.add(join(path, entry), `${name}/${entry}`, false);
  }
}

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  );

const NAMED = 3;

function unreadable(entries: readonly LeftOut[]): Failure {
  const names = entries.slice(0, NAMED).map(({ name }) => `'${cleanLine(name, 60)}'`);
  const more = entries.length > NAMED ? ` and ${entries.length - NAMED} more` : '';
  return new Failure('source-unreadable', `you may not read ${names.join(', ')}${more}: nothing was offered`);
}

export const manifestDigest = (manifest: Manifest): Uint8Array =>
  createHash('sha256').update(manifestCodec.encode(manifest)).digest();

function treeOf(leaves: Uint8Array): HashTree {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < leaves.length; at += HASH_BYTES) hashes.push(leaves.subarray(at, at + HASH_BYTES));
  return new HashTree(hashes);
}

/** Between blocks others get their turn. */
async function hashLeaves(source: Source): Promise<Uint8Array> {
  const reader = new FileSource(source);
  const count = blockCount(source.manifest);
  const leaves = new Uint8Array(count * HASH_BYTES);
  try {
    for (let block = 0; block < count; block++) {
      leaves.set(leafHash(reader.read(block)), block * HASH_BYTES);
      if (block % 16 === 15) await new Promise(setImmediate);
    }
  } finally {
    reader.close();
  }
  return leaves;
}

const changed = (file: SourceFile): Failure =>
  new Failure('source-changed', `'${file.path}' changed since it was offered`, {
    hint: 'Offer it again.',
  });

/** Reads blocks from the files of a source. */
export class FileSource implements BlockSource {
  readonly #source: Source;
  readonly #layout: Layout;
  readonly #files: OpenFiles;
  readonly #buffer: Uint8Array;
  readonly #tree: HashTree | undefined;
  #looks = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#layout = new Layout(source.manifest);
    this.#files = new OpenFiles((file) => this.#openFile(source.files[file]!));
    this.#buffer = new Uint8Array(source.manifest.block + 32 * HASH_BYTES);
    if (source.leaves !== undefined) this.#tree = treeOf(source.leaves);
  }

  #openFile(file: SourceFile): number {
    try {
      const fd = openSync(file.path, constants.O_RDONLY);
      this.#judge(fd, file);
      return fd;
    } catch (error) {
      throw error instanceof Failure ? error : changed(file);
    }
  }

  #judge(fd: number, file: SourceFile): void {
    const { size, mtimeMs } = fstatSync(fd);
    if (size !== file.size || mtimeMs !== file.mtimeMs) throw changed(file);
  }

  read(block: number): Uint8Array {
    const { manifest, files } = this.#source;
    const length = blockLength(manifest, block);
    const look = this.#looks++ % LOOK_EVERY === 0;
    let filled = 0;
    for (const span of this.#layout.spans(block * manifest.block, length)) {
      const file = files[span.file]!;
      const fd = this.#files.get(span.file);
      const end = filled + span.length;
      for (let at = span.at; filled < end; ) {
        const got = readSync(fd, this.#buffer, filled, end - filled, at);
        if (got === 0) throw changed(file);
        filled += got;
        at += got;
      }
      if (look) this.#judge(fd, file);
    }
    if (this.#tree === undefined) return this.#buffer.subarray(0, length);
    const path = this.#tree.path(block);
    this.#buffer.set(path, length);
    return this.#buffer.subarray(0, length + path.length);
  }

  close(): void {
    this.#files.close();
  }
}
