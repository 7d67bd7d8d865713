import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  readFileSync,
  readSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import type { Shape } from '../../wire/transfer-shape.js';
import { Layout } from '../protocol/layout.js';
import { RangeSet } from '../protocol/range-set.js';
import type { BlockSink } from '../protocol/receiver.js';
import { FileDigests } from './file-digests.js';
import { manifestDigest } from './file-source.js';
import { Folder } from './folder.js';
import { bootId, JournalWriter, readJournal } from './journal.js';
import { OpenFiles } from './open-files.js';
import { openUnder } from './open-under.js';
import { numbered, safeTree } from './safe-name.js';
import { takeShape } from './take-shape.js';

/**
 * Content on its way to a folder: a hidden folder there holds the files under their names and the journal. When all of it is
 * there, what was sent gets its place by one rename or link each, never over something else.
 */

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR } = constants;
const TREE = 'tree';
const JOURNAL = 'journal';
/** What else a disk needs to stay usable. */
export const SPARE_BYTES = 16 << 20;
/** What is lost when the power goes and has to come again: at most this part of the content, and this much. */
const SYNC_PART = 0.03;
const SYNC_BYTES = { least: 256 << 10, most: 64 << 20 };
const sync = promisify(fdatasync);

export interface PlacedFile {
  /** As the manifest has it. */
  readonly name: string;
  readonly size: number;
  readonly path: string;
  readonly sha256: string;
}

export interface PartialDownloadInit {
  readonly id: Uint8Array;
  readonly manifest: Manifest;
  readonly folder: string;
  /** False leaves it to the system when bytes reach the disk. */
  readonly durable: boolean;
  /** The hidden folder stays after the end, until `discardPartial`. */
  readonly keep?: boolean;
  /** What the sender said of the files besides: times, execute bits, empty folders, and that names may begin with a dot. */
  readonly shape?: Shape | undefined;
}

export class PartialDownload implements BlockSink {
  readonly have: RangeSet;
  readonly #init: PartialDownloadInit;
  readonly #parts: readonly string[][];
  readonly #layout: Layout;
  readonly #target: Folder;
  readonly #hidden: Folder;
  readonly #tree: Folder;
  readonly #files: OpenFiles;
  readonly #journalFd: number;
  readonly #journal: JournalWriter;
  readonly #placed: Map<string, string>;
  readonly #digests: FileDigests;
  readonly #syncEvery: number;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  #syncError: unknown;
  #closed: Promise<void> | undefined;

  /**
   * Opens what an earlier session left, or begins.
   * @throws Failure transfer 'unsafe-name', limit 'disk-full', storage 'folder-changed'
   */
  static async open(init: PartialDownloadInit): Promise<PartialDownload> {
    const parts = safeTree(
      init.manifest.files.map((file) => file.path),
      init.shape !== undefined,
    );
    await mkdir(init.folder, { recursive: true });
    return new PartialDownload(init, parts);
  }

  private constructor(init: PartialDownloadInit, parts: readonly string[][]) {
    this.#init = init;
    this.#parts = parts;
    this.#layout = new Layout(init.manifest);
    const { least, most } = SYNC_BYTES;
    this.#syncEvery = Math.min(most, Math.max(least, contentBytes(init.manifest) * SYNC_PART));
    this.#target = Folder.open(init.folder);
    const name = hiddenName(init.id);
    if (!this.#target.has(name)) this.#judgeSpace(contentBytes(init.manifest));
    this.#hidden = this.#target.child(name, true);
    const digest = manifestDigest(init.manifest);
    const boot = bootId();
    const earlier = this.#readJournal(digest, boot);
    if (earlier === null) {
      this.#hidden.remove(TREE);
      this.#hidden.remove(JOURNAL);
    }
    this.have = earlier?.have ?? new RangeSet();
    this.#placed = earlier?.placed ?? new Map();
    this.#tree = this.#hidden.child(TREE, true);
    this.#journalFd = this.#hidden.openFile(JOURNAL, O_RDWR | O_CREAT | O_APPEND);
    this.#journal = new JournalWriter(this.#journalFd, digest, boot, this.have.size);
    this.#files = new OpenFiles(
      (file) => this.#openFile(file),
      (fd) => {
        if (init.durable && this.#placed.size === 0) fdatasyncSync(fd);
      },
    );
    this.#digests = new FileDigests(init.manifest, this.have, (at, into) => this.read(at, into));
    if (this.#placed.size === 0) this.#layOut();
  }

  #readJournal(digest: Uint8Array, boot: string) {
    if (!this.#hidden.has(JOURNAL)) return null;
    const fd = this.#hidden.openFile(JOURNAL, O_RDWR);
    try {
      return readJournal(readFileSync(fd), digest, boot);
    } finally {
      closeSync(fd);
    }
  }

  #judgeSpace(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.#target.pathOf());
    if (bytes + SPARE_BYTES <= bavail * bsize) return;
    throw diskFull(this.#init.folder, bytes, bavail * bsize);
  }

  /** Every file in its full size, so that a player sees how long it is going to be. */
  #layOut(): void {
    this.#init.manifest.files.forEach((file, index) => {
      const fd = this.#files.get(index);
      ftruncateSync(fd, file.size);
    });
  }

  #openFile(file: number): number {
    const [top = '', ...rest] = this.#parts[file]!;
    const placed = this.#placed.get(top);
    if (placed === undefined) return openUnder(this.#tree, [top, ...rest], O_RDWR | O_CREAT);
    return openUnder(this.#target, [placed, ...rest], O_RDONLY);
  }

  write(block: number, content: Uint8Array): void {
    if (this.#syncError !== undefined) throw this.#syncError;
    const offset = block * this.#init.manifest.block;
    let from = 0;
    try {
      for (const span of this.#layout.spans(offset, content.length)) {
        const fd = this.#files.get(span.file);
        const end = from + span.length;
        for (let at = span.at; from < end; ) {
          const done = writeSync(fd, content, from, end - from, at);
          from += done;
          at += done;
        }
      }
      this.#journal.block(block);
    } catch (error) {
      throw diskError(error, this.#init.folder);
    }
    this.have.add(block, block + 1);
    this.#unsynced += content.length;
    if (this.#unsynced >= this.#syncEvery && this.#init.durable) this.#syncSoon();
  }

  keep(block: number, content: Uint8Array): boolean {
    return this.#digests.keep(block, content);
  }

  /** Beside the writing of later blocks; 'synced' speaks only of those written before. */
  #syncSoon(): void {
    if (this.#syncing !== undefined) return;
    this.#unsynced = 0;
    this.#syncing = this.#syncAll()
      .catch((error: unknown) => {
        this.#syncError = diskError(error, this.#init.folder);
      })
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  async #syncAll(): Promise<void> {
    const { blocks } = this.#journal;
    const { fds } = this.#files;
    // With more files than descriptors one could be closed meanwhile: then, each being small, at once.
    if (this.#parts.length > fds.length) for (const fd of fds) fdatasyncSync(fd);
    else for (const fd of fds) await sync(fd);
    this.#journal.synced(blocks);
  }

  /** Content that is there, from `at`; for a player, and for digests. */
  read(at: number, into: Uint8Array): void {
    let filled = 0;
    for (const span of this.#layout.spans(at, into.length)) {
      const fd = this.#files.get(span.file);
      const end = filled + span.length;
      for (let from = span.at; filled < end; ) {
        const got = readSync(fd, into, filled, end - filled, from);
        if (got === 0) throw new Failure('folder-changed', 'a partial file was cut while it was written');
        filled += got;
        from += got;
      }
    }
  }

  /** Where each file can be read now. */
  get paths(): string[] {
    return this.#parts.map(([top = '', ...rest]) => {
      const placed = this.#placed.get(top);
      if (placed !== undefined) return this.#target.pathOf(placed, ...rest);
      return this.#target.pathOf(hiddenName(this.#init.id), TREE, top, ...rest);
    });
  }

  /** Something that can wait. @returns whether there is more of it */
  idle(): boolean {
    return this.#closed === undefined && this.#digests.step();
  }

  /** All blocks are there: SHA-256 of each file, before any is shown. */
  sums(): Promise<Uint8Array[]> {
    return this.#digests.finish();
  }

  /** All blocks are there: to the disk, then to their place. */
  async place(): Promise<void> {
    await this.#syncing;
    if (this.#init.durable) await this.#syncAll();
    if (this.#syncError !== undefined) throw this.#syncError;
    this.#unsynced = 0;
    const { shape } = this.#init;
    if (shape && this.#placed.size === 0)
      takeShape(shape, { tree: this.#tree, count: this.#parts.length, fdOf: (file) => this.#files.get(file) });
    this.#files.close();
    for (const entry of this.#tree.names().sort()) {
      let name = entry;
      for (let n = 2; !this.#tree.moveTo(entry, this.#target, name); n++) name = numbered(entry, n);
      this.#placed.set(entry, name);
      this.#journal.placed(entry, name);
    }
    if (this.#init.durable) this.#target.sync();
  }

  /** After `place`: what is where. The hidden folder goes. */
  async finish(): Promise<PlacedFile[]> {
    const sums = await this.#digests.finish();
    const { paths } = this;
    const files = this.#init.manifest.files.map((file, index) => {
      return { name: file.path, size: file.size, path: paths[index]!, sha256: hex(sums[index]!) };
    });
    await this.close();
    if (this.#init.keep !== true) this.#remove();
    return files;
  }

  #remove(): void {
    const folder = Folder.open(this.#init.folder);
    try {
      folder.remove(hiddenName(this.#init.id));
    } finally {
      folder.close();
    }
  }

  /** Removes what has come so far. */
  async discard(): Promise<void> {
    this.#unsynced = 0;
    await this.close();
    this.#remove();
  }

  /** What has come stays, for the next session. */
  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    await this.#syncing;
    // The machine may be about to end: what is here counts afterwards too.
    if (this.#unsynced > 0 && this.#init.durable && this.#syncError === undefined)
      await this.#syncAll().catch(() => {});
    this.#files.close();
    closeSync(this.#journalFd);
    this.#tree.close();
    this.#hidden.close();
    this.#target.close();
  }
}

/** Removes what is kept of a transfer that is over, where there is something. */
export function discardPartial(folder: string, id: Uint8Array): void {
  if (!existsSync(folder)) return;
  const target = Folder.open(folder);
  try {
    if (target.has(hiddenName(id))) target.remove(hiddenName(id));
  } finally {
    target.close();
  }
}

/** Before anything is written. */
export const diskFull = (folder: string, needed: number, free: number): Failure =>
  new Failure('disk-full', `${needed} bytes do not fit on the disk of '${folder}', which has ${free} free`, {
    reason: 'limit',
    details: { needed, free },
  });

const hiddenName = (id: Uint8Array): string => `.p2pchat-${hex(id)}.part`;

function diskError(error: unknown, folder: string): Failure {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new Failure('disk-full', `the disk of '${folder}' is full`, {
      reason: 'limit',
      hint: 'Make room, then resume the transfer: what has come is kept.',
      cause: error,
    });
  }
  return new Failure('disk-failed', `writing to '${folder}' failed (${code})`, { cause: error });
}
