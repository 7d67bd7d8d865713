import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { openUploadBlock } from '../../crypto/upload-blocks.js';
import { PartialDownload } from '../../transfer/files/partial-download.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { UPLOAD_BLOCK_BYTES } from '../../wire/limits.js';
import { uploadBlocks } from '../../wire/uploads.js';
import type { UploadRow } from '../storage/tables.js';
import { inWindow } from '../transfers/window.js';

export interface FetchInit {
  readonly row: UploadRow;
  readonly directoryId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly request: DirectoryRequest;
  readonly folder: string;
  onProgress(bytes: number): void;
}

/**
 * Fetches a file into a folder: hidden until all of it is there and is what its uploader said; never over another file.
 * What came before a broken connection is kept.
 * @returns where it is
 * @throws Failure unknown 'upload-gone', trust 'upload-damaged', limit 'disk-full'
 */
export async function fetchFile(init: FetchInit): Promise<string> {
  const { row, folder, signal } = init;
  const manifest = { files: [{ path: baseName(row.name), size: row.size }], block: UPLOAD_BLOCK_BYTES };
  const partial = await PartialDownload.open({ id: row.id, manifest, folder, durable: true });
  try {
    await fetchBlocks(init, partial);
    signal.throwIfAborted();
    const [sum] = await partial.sums();
    if (!sameBytes(sum!, row.sum)) throw damaged(row);
    await partial.place();
    const [placed] = await partial.finish();
    return placed!.path;
  } catch (error) {
    // What is not what was promised is of no use to the next try.
    if (error instanceof Failure && error.code === 'upload-damaged') await partial.discard();
    throw error;
  } finally {
    await partial.close();
  }
}

async function fetchBlocks(init: FetchInit, partial: PartialDownload): Promise<void> {
  const { row, directoryId, request, clock, signal, onProgress } = init;
  const id = { group: row.group, upload: row.id };
  const place = { directoryId, group: row.group, upload: row.id, size: row.size };
  const missing = function* (): Generator<number> {
    for (let block = 0; block < uploadBlocks(row.size); block++) {
      if (signal.aborted) return;
      if (!partial.have.has(block)) yield block;
    }
  };
  const tell = (): void => onProgress(Math.min(row.size, partial.have.size * UPLOAD_BLOCK_BYTES));
  tell();
  await inWindow({
    clock,
    items: missing(),
    ask: async (block) => {
      const { sealed } = await request('uploads.get', { ...id, block });
      const plain = openUploadBlock(row.key, place, block, sealed);
      if (plain === undefined) throw damaged(row);
      if (signal.aborted) return;
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

const damaged = ({ name, from }: UploadRow): Failure =>
  new Failure('upload-damaged', `${name} is not what ${from} uploaded`, {
    hint: `Ask ${from} to upload it again; if it happens again, tell the operator of the directory.`,
  });
