import type { Clock } from '../../base/clock.js';
import { type Code, Failure, hasCode } from '../../base/errors.js';
import { PartialDownload } from '../../transfer/files/partial-download.js';
import { blockCount, blockLength, type Manifest } from '../../wire/transfer-manifest.js';
import { inWindow } from './window.js';

export interface SealedFile {
  /** Under which it goes on after a broken connection. */
  readonly id: Uint8Array;
  /** As whoever sealed it says. */
  readonly name: string;
  readonly size: number;
  /** Content bytes of one block. */
  readonly block: Manifest['block'];
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Its content, opened. */
  fetch(block: number): Promise<Uint8Array>;
  /** SHA-256 of it all, to be held against what was promised. */
  judge?(sum: Uint8Array): void;
  /** Thrown where it is not what was promised: of what has come then, nothing is of use to the next try. */
  readonly spoilt: Code;
  onProgress?(bytes: number): void;
}

/**
 * Fetches what lies sealed at the directory into a folder: hidden until all of it is there, never over another file. What came
 * before a broken connection is kept.
 * @returns where it is
 * @throws Failure as `fetch` and `judge`, transfer 'unsafe-name', limit 'disk-full', storage
 */
export async function fetchSealedFile(file: SealedFile): Promise<string> {
  const { id, name, size, block, folder, signal } = file;
  const manifest: Manifest = { files: [{ path: baseName(name), size }], block };
  const partial = await PartialDownload.open({ id, manifest, folder, durable: true });
  try {
    await fetchBlocks(file, manifest, partial);
    signal.throwIfAborted();
    const [sum] = await partial.sums();
    file.judge?.(sum!);
    await partial.place();
    const [placed] = await partial.finish();
    return placed!.path;
  } catch (error) {
    if (hasCode(error, file.spoilt)) await partial.discard();
    throw error;
  } finally {
    await partial.close();
  }
}

async function fetchBlocks(file: SealedFile, manifest: Manifest, partial: PartialDownload): Promise<void> {
  const { size, clock, signal, onProgress } = file;
  const missing = function* (): Generator<number> {
    for (let block = 0; block < blockCount(manifest) && !signal.aborted; block++)
      if (!partial.have.has(block)) yield block;
  };
  const tell = (): void => onProgress?.(Math.min(size, partial.have.size * manifest.block));
  tell();
  await inWindow({
    ...{ clock, items: missing() },
    ask: async (block) => {
      const plain = await file.fetch(block);
      if (signal.aborted) return;
      // Whoever seals a block chooses what is in it.
      if (plain.length !== blockLength(manifest, block)) throw new Failure(file.spoilt);
      partial.write(block, plain);
      tell();
    },
  });
}

/** A name is no path, whatever it says. */
const baseName = (name: string): string =>
  name
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .at(-1) ?? 'file';
