import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskFull, SPARE_BYTES } from '../../transfer/transfer.js';

/** What nobody was asked about leaves more of the disk free. */
const UNASKED_SPARE_BYTES = 1 << 30;
const UNASKED_SPARE_PART = 0.1;

interface Claims {
  /** What else is on its way to folders. */
  readonly taken: readonly { readonly folder: string; readonly bytes: number }[];
  /** Nobody was asked whether it shall come. */
  readonly unasked: boolean;
}

/** Before anything is written. @throws Failure limit 'disk-full' */
export async function assertRoom(folder: string, bytes: number, { taken, unasked }: Claims): Promise<void> {
  const place = await existing(folder);
  const [disk, { bavail, blocks, bsize }] = await Promise.all([diskOf(place), statfs(place)]);
  let spare = SPARE_BYTES;
  if (unasked) spare = Math.max(spare, Math.min(UNASKED_SPARE_BYTES, blocks * bsize * UNASKED_SPARE_PART));
  let free = bavail * bsize - spare;
  for (const other of taken) if ((await diskOf(await existing(other.folder))) === disk) free -= other.bytes;
  if (bytes > free) throw diskFull(folder, bytes, Math.max(0, free));
}

const diskOf = async (path: string): Promise<number> => (await stat(path)).dev;

/** The folder, or the one in which it is going to be made. */
async function existing(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      await stat(path);
      return path;
    } catch (error) {
      if (path === dirname(path) || !isMissing(error)) throw error;
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
