import { createHash, type Hash } from 'node:crypto';
import { releaseBuffer } from '../../base/release-buffer.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import { Layout } from '../protocol/layout.js';
import type { RangeSet } from '../protocol/range-set.js';

/**
 * SHA-256 of each file. Two gigabytes a second is slower than everything else a block goes through, so it is done when
 * nothing else is to do, and the rest at the end: from memory where hashing keeps up with what comes, else read back from
 * where it was written.
 */

/** So many blocks, from the next one to be hashed on, stay in memory for it. */
const KEPT_BLOCKS = 16;

export class FileDigests {
  readonly #manifest: Manifest;
  readonly #have: RangeSet;
  readonly #read: (at: number, into: Uint8Array) => void;
  readonly #layout: Layout;
  readonly #total: number;
  readonly #sums: Uint8Array[] = [];
  readonly #kept = new Map<number, Uint8Array>();
  readonly #chunk: Uint8Array;
  #hash: Hash | undefined;
  /** Content before this has been hashed: whole blocks, or everything. */
  #at = 0;

  constructor(manifest: Manifest, have: RangeSet, read: (at: number, into: Uint8Array) => void) {
    this.#manifest = manifest;
    this.#have = have;
    this.#read = read;
    this.#layout = new Layout(manifest);
    this.#total = contentBytes(manifest);
    this.#chunk = new Uint8Array(manifest.block);
  }

  /** Takes over the memory of a block that was written, where its turn is near. @returns whether it did */
  keep(block: number, content: Uint8Array): boolean {
    const next = this.#next;
    if (block < next || block >= next + KEPT_BLOCKS) return false;
    this.#kept.set(block, content);
    return true;
  }

  /** Hashes a little of what is there. @returns whether there is more to hash */
  step(): boolean {
    if (!this.#ready) return false;
    const kept = this.#kept.get(this.#next);
    if (kept === undefined) this.#takeBack();
    else {
      this.#kept.delete(this.#next);
      this.#take(kept);
      releaseBuffer(kept);
    }
    return this.#ready;
  }

  get #next(): number {
    return Math.ceil(this.#at / this.#manifest.block);
  }

  get #ready(): boolean {
    return this.#at < this.#total && this.#have.has(this.#next);
  }

  /** All content is there. @returns one for each file */
  async finish(): Promise<Uint8Array[]> {
    while (this.step()) await new Promise(setImmediate);
    while (this.#sums.length < this.#manifest.files.length) this.#close();
    return this.#sums;
  }

  #takeBack(): void {
    const chunk = this.#chunk.subarray(0, Math.min(this.#chunk.length, this.#total - this.#at));
    this.#read(this.#at, chunk);
    this.#take(chunk);
  }

  #take(content: Uint8Array): void {
    let from = 0;
    for (const span of this.#layout.spans(this.#at, content.length)) {
      while (this.#sums.length < span.file) this.#close();
      this.#hash ??= createHash('sha256');
      this.#hash.update(content.subarray(from, from + span.length));
      from += span.length;
      if (span.at + span.length === this.#manifest.files[span.file]!.size) this.#close();
    }
    this.#at += content.length;
  }

  /** Ends the file that is being hashed; one without content has not begun. */
  #close(): void {
    this.#sums.push((this.#hash ?? createHash('sha256')).digest());
    this.#hash = undefined;
  }
}
