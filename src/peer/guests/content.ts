import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Failure } from '../../base/errors.js';
import { safeTree } from '../../transfer/files/safe-name.js';
import { depositBlockLength, depositBlocks } from '../../wire/deposit-blocks.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { sourceOf, stampOf } from '../transfers/source.js';
import { piecesOf, type SourceFile } from '../transfers/source-pieces.js';
import { type ZipEntry, zipPieces, zipSize } from './zip.js';

/** What lies behind a link: a file as it is, a folder as one archive. */
export interface Content {
  readonly name: string;
  readonly size: number;
  /** Of the files it is made of, as they look now. */
  readonly stamp: Uint8Array;
  pieces(): AsyncIterable<Uint8Array>;
}

/** @throws Failure usage 'no-such-file', 'nothing-to-send', 'source-unreadable'; transfer as of an offer */
export async function contentAt(path: string): Promise<Content> {
  const source = await sourceOf([path]);
  const stamp = stampOf(source);
  const [first] = source.files;
  if ((await stat(path)).isFile()) {
    return { name: basename(path), size: first!.size, stamp, pieces: () => readPieces(first!) };
  }
  const names = safeTree(source.files.map(({ name }) => name));
  const entries: ZipEntry[] = source.files.map((file, index) => ({
    ...{ name: names[index]!.join('/'), size: file.size, mtimeMs: file.mtimeMs },
    read: () => readPieces(file),
  }));
  return { name: `${basename(path)}.zip`, size: zipSize(entries), stamp, pieces: () => zipPieces(entries) };
}

/** Each a copy of its own, in the blocks in which it is sealed. */
export async function* blocksOf({ size, pieces }: Content): AsyncGenerator<{ block: number; plain: Uint8Array }> {
  const fresh = (block: number): Uint8Array =>
    new Uint8Array(block < depositBlocks(size) ? depositBlockLength(size, block) : 0);
  let [block, filled] = [0, 0];
  let plain = fresh(block);
  for await (const piece of pieces()) {
    for (let from = 0; from < piece.length; ) {
      if (plain.length === 0) throw changed();
      const part = piece.subarray(from, from + plain.length - filled);
      plain.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < plain.length) continue;
      yield { block, plain };
      plain = fresh(++block);
      filled = 0;
    }
  }
  if (block !== depositBlocks(size)) throw changed();
}

/** Each a copy of its own. @throws Failure transfer 'source-changed' */
const readPieces = (file: SourceFile): AsyncGenerator<Uint8Array> =>
  piecesOf(file, () => new Uint8Array(Math.min(DEPOSIT_BLOCK_BYTES, file.size)), changed);

export const changed = (cause?: unknown): Failure =>
  new Failure('source-changed', 'what is shared has changed, or is gone, since', { hint: 'Share it again.', cause });
