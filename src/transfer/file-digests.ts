import { createHash, type Hash } from 'node:crypto';
import { contentBytes, type Manifest } from '../wire/transfer-manifest.js';
import { Layout } from './layout.js';
import type { Ranges } from './ranges.js';

/**
 * SHA-256 of each file, read back from where it was written. Two gigabytes a second is slower than everything else a block
 * goes through, so it is done when nothing else is to do, and the rest at the end.
 */

const CHUNK_BYTES = 256 << 10;

export class FileDigests {
  readonly #manifest: Manifest;
  readonly #have: Ranges;
  readonly #read: (at: number, into: Uint8Array) => void;
  readonly #layout: Layout;
  readonly #total: number;
  readonly #sums: Uint8Array[] = [];
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #hash: Hash | undefined;
  /** Content before this has been hashed. */
  #at = 0;

  constructor(manifest: Manifest, have: Ranges, read: (at: number, into: Uint8Array) => void) {
    this.#manifest = manifest;
    this.#have = have;
    this.#read = read;
    this.#layout = new Layout(manifest);
    this.#total = contentBytes(manifest);
  }

  /** Hashes a little of what is there. @returns whether there is more to hash */
  step(): boolean {
    if (!this.#ready) return false;
    this.#takeBack();
    return this.#ready;
  }

  get #ready(): boolean {
    return this.#at < this.#total && this.#have.has(Math.floor(this.#at / this.#manifest.block));
  }

  /** All content is there. @returns one for each file */
  async finish(): Promise<Uint8Array[]> {
    while (this.step()) await new Promise(setImmediate);
    while (this.#sums.length < this.#manifest.files.length) this.#close();
    return this.#sums;
  }

  #takeBack(): void {
    const { block } = this.#manifest;
    const blockEnd = (Math.floor(this.#at / block) + 1) * block;
    const length = Math.min(CHUNK_BYTES, blockEnd - this.#at, this.#total - this.#at);
    const chunk = this.#chunk.subarray(0, length);
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
