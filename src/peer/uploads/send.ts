import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { sealUploadBlock } from '../../crypto/upload-blocks.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { UPLOAD_BLOCK_BYTES } from '../../wire/limits.js';
import { uploadBlockLength, uploadBlocks } from '../../wire/uploads.js';
import type { SendingRow } from '../storage/tables.js';
import { inWindow } from '../transfers/window.js';

export interface SendInit {
  readonly row: SendingRow;
  readonly directoryId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly request: DirectoryRequest;
  /** Content that the directory has. */
  onProgress(bytes: number): void;
}

/**
 * Brings a file to the directory, block by block, from where an earlier try was broken off.
 * @returns SHA-256 of the file as it was sent
 * @throws Failure transfer 'source-changed', and as the directory refuses
 */
export async function sendFile(init: SendInit): Promise<Uint8Array> {
  const { row, request, clock, signal, onProgress } = init;
  const id = { group: row.group, upload: row.id };
  const { have } = await request('uploads.begin', { ...id, size: row.size });
  const file = await openSource(row);
  try {
    const hash = createHash('sha256');
    let there = have;
    onProgress(contentOf(row.size, there));
    await inWindow({
      clock,
      items: blocks(init, file, have, (plain) => hash.update(plain)),
      ask: async ({ block, sealed }) => {
        await request('uploads.put', { ...id, block, sealed });
        onProgress(contentOf(row.size, ++there));
      },
    });
    signal.throwIfAborted();
    await judgeSource(file, row);
    await request('uploads.finish', id);
    return new Uint8Array(hash.digest());
  } finally {
    await file.close();
  }
}

const contentOf = (size: number, blocks: number): number => Math.min(size, blocks * UPLOAD_BLOCK_BYTES);

/** All are read, for the hash; those which the directory lacks are sealed. */
async function* blocks(
  { row, directoryId, random, signal }: SendInit,
  file: FileHandle,
  have: number,
  onRead: (plain: Uint8Array) => void,
): AsyncGenerator<{ block: number; sealed: Uint8Array }> {
  const place = { directoryId, group: row.group, upload: row.id, size: row.size };
  for (let block = 0; block < uploadBlocks(row.size); block++) {
    if (signal.aborted) return;
    const plain = await readBlock(file, row.size, block);
    onRead(plain);
    if (block >= have) yield { block, sealed: sealUploadBlock(row.key, place, block, plain, random) };
  }
}

async function readBlock(file: FileHandle, size: number, block: number): Promise<Uint8Array> {
  const plain = new Uint8Array(uploadBlockLength(size, block));
  const at = block * UPLOAD_BLOCK_BYTES;
  for (let filled = 0; filled < plain.length; ) {
    const { bytesRead } = await file.read(plain, filled, plain.length - filled, at + filled);
    if (bytesRead === 0) throw changed();
    filled += bytesRead;
  }
  return plain;
}

async function openSource(row: SendingRow): Promise<FileHandle> {
  const file = await open(row.path, 'r').catch((cause: unknown) => {
    throw changed(cause);
  });
  await judgeSource(file, row).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  return file;
}

async function judgeSource(file: FileHandle, { size, mtimeMs }: SendingRow): Promise<void> {
  const info = await file.stat();
  if (info.size !== size || info.mtimeMs !== mtimeMs) throw changed();
}

const changed = (cause?: unknown): Failure =>
  new Failure('source-changed', 'the file has changed, or is gone, since the upload began', { cause });
