import type { Manifest } from '../../wire/transfer-manifest.js';

/** Part of one file. */
export interface Span {
  readonly file: number;
  /** Offset in the file. */
  readonly at: number;
  readonly length: number;
}

/** Which files a stretch of content lies in. */
export class Layout {
  /** Where each file begins in the content, and the end of the last. */
  readonly #starts: number[];

  constructor(manifest: Manifest) {
    this.#starts = [0];
    for (const { size } of manifest.files) this.#starts.push(this.#starts.at(-1)! + size);
  }

  start(file: number): number {
    return this.#starts[file]!;
  }

  get total(): number {
    return this.#starts.at(-1)!;
  }

  spans(offset: number, length: number): Span[] {
    const out: Span[] = [];
    const end = Math.min(offset + length, this.total);
    for (let file = this.#fileAt(offset), at = offset; at < end; file++) {
      const to = Math.min(end, this.#starts[file + 1]!);
      if (to > at) out.push({ file, at: at - this.#starts[file]!, length: to - at });
      at = Math.max(at, to);
    }
    return out;
  }

  /** The last file that begins at or before `offset`. */
  #fileAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
