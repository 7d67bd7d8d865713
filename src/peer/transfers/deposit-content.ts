import { createHash } from 'node:crypto';
import { Failure } from '../../base/errors.js';
import type { Source } from '../../transfer/transfer.js';
import { depositBlockLength, depositBlocks } from '../../wire/deposit-blocks.js';
import { contentBytes } from '../../wire/transfer-manifest.js';
import { piecesOf } from './source-pieces.js';

/**
 * All files of an offer one after another, in blocks of a deposit. The digests of the files are there when it is through.
 * @throws Failure transfer 'source-changed'
 */
export class DepositContent {
  readonly sums: Uint8Array[] = [];
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<{ readonly block: number; readonly plain: Uint8Array }> {
    const size = contentBytes(this.#source.manifest);
    const next = (block: number): Uint8Array =>
      block < depositBlocks(size) ? new Uint8Array(depositBlockLength(size, block)) : new Uint8Array(0);
    let block = 0;
    let plain = next(block);
    let filled = 0;
    for (const file of this.#source.files) {
      const hash = createHash('sha256');
      for await (const piece of piecesOf(file, () => plain.subarray(filled), changed)) {
        if (signal.aborted) return;
        hash.update(piece);
        filled += piece.length;
        if (filled < plain.length) continue;
        yield { block, plain };
        plain = next(++block);
        filled = 0;
      }
      this.sums.push(new Uint8Array(hash.digest()));
    }
  }
}

const changed = (cause?: unknown): Failure =>
  new Failure('source-changed', 'what was offered has changed, or is gone, since', { hint: 'Offer it again.', cause });
