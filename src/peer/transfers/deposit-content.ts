import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Failure } from '../../base/errors.js';
import type { Source } from '../../transfer/transfer.js';
import { depositBlockLength, depositBlocks } from '../../wire/deposits.js';
import { contentBytes } from '../../wire/transfer-manifest.js';

type SourceFile = Source['files'][number];

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
      for await (const piece of this.#pieces(file, () => plain.subarray(filled))) {
        if (signal.aborted) return;
        filled += piece;
        if (filled < plain.length) continue;
        yield { block, plain };
        plain = next(++block);
        filled = 0;
      }
    }
  }

  /** Reads into what `room` gives; how much was read, each time. */
  async *#pieces(file: SourceFile, room: () => Uint8Array): AsyncGenerator<number> {
    const handle = await open(file.path, 'r').catch((cause: unknown) => {
      throw changed(cause);
    });
    const hash = createHash('sha256');
    try {
      await judge(handle, file);
      for (let at = 0; at < file.size; ) {
        const into = room();
        const { bytesRead } = await handle.read(into, 0, Math.min(into.length, file.size - at), at);
        if (bytesRead === 0) throw changed();
        hash.update(into.subarray(0, bytesRead));
        at += bytesRead;
        yield bytesRead;
      }
      await judge(handle, file);
      this.#done(hash);
    } finally {
      await handle.close();
    }
  }

  #done(hash: Hash): void {
    this.sums.push(new Uint8Array(hash.digest()));
  }
}

interface Stated {
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
}

async function judge(handle: Stated, { size, mtimeMs }: SourceFile): Promise<void> {
  const info = await handle.stat();
  if (info.size !== size || info.mtimeMs !== mtimeMs) throw changed();
}

const changed = (cause?: unknown): Failure =>
  new Failure('source-changed', 'what was offered has changed, or is gone, since', { hint: 'Offer it again.', cause });
