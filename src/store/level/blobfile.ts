import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { asBuffer } from '../../base/bytes.js';
import { syncFolder } from '../../base/whole-file.js';
import { damaged } from '../failures.js';
import { explainRead } from './failures.js';

/**
 * A blob's file: blocks of BLOCK bytes of content (the last one shorter), each after its CRC-32 over the file's name,
 * the block's index and the content (4 bytes, big-endian). So any part can be verified by itself.
 */
const BLOCK = 64 * 1024;
const CHECKSUM = 4;

const checksum = (name: string, index: number, content: Uint8Array): number =>
  crc32(content, crc32(`${name}/${index}`));

export interface BlobWrite {
  readonly folder: string;
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Is told of every part before it is written, and may throw. */
  account(bytes: number): void;
  /** Runs what touches the disk, and turns its errors into Failures; those of the content pass by it. */
  disk<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Writes to a temporary file, makes it durable and moves it to its place. On any error nothing remains.
 * @returns the size of the content
 */
export async function writeBlobFile({ folder, name, content, account, disk }: BlobWrite): Promise<number> {
  const temporary = `${folder}/${name}.part`;
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const file = await disk(() => open(temporary, flags, 0o600));
  let size = 0;
  try {
    try {
      for await (const block of blocks(content, account)) {
        asBuffer(block).writeUInt32BE(checksum(name, Math.floor(size / BLOCK), block.subarray(CHECKSUM)));
        await disk(() => file.writeFile(block));
        size += block.length - CHECKSUM;
      }
      await disk(() => file.sync());
    } finally {
      await file.close();
    }
    await disk(() => rename(temporary, `${folder}/${name}`));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await disk(() => syncFolder(folder));
  return size;
}

export interface BlobRead {
  readonly folder: string;
  readonly name: string;
  /** Of the whole content. */
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/** A part of the content. Throws `store-damaged` where a checksum does not match or something is missing. */
export async function* readBlobFile({ folder, name, size, start, end }: BlobRead): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  const file = await open(`${folder}/${name}`, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? damaged(`the file of a blob is missing (${name})`, error) : explainRead(error);
  });
  try {
    for (let index = Math.floor(start / BLOCK); index * BLOCK < end; index++) {
      const at = index * BLOCK;
      const block = await readBlock(file, name, index, Math.min(BLOCK, size - at));
      yield block.subarray(Math.max(0, start - at), Math.min(block.length, end - at));
    }
  } finally {
    await file.close();
  }
}

async function readBlock(file: FileHandle, name: string, index: number, length: number): Promise<Uint8Array> {
  const block = new Uint8Array(CHECKSUM + length);
  const { bytesRead } = await file.read(block, 0, block.length, index * (CHECKSUM + BLOCK)).catch((error: unknown) => {
    throw explainRead(error);
  });
  const content = block.subarray(CHECKSUM);
  if (bytesRead !== block.length || asBuffer(block).readUInt32BE() !== checksum(name, index, content)) {
    throw damaged(`block ${index} of a blob does not match its checksum (${name})`);
  }
  return content;
}

/** Cuts the content into blocks with room for the checksum in front. */
async function* blocks(content: BlobWrite['content'], account: BlobWrite['account']): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(CHECKSUM + BLOCK);
  let filled = CHECKSUM;
  for await (const part of content) {
    account(part.length);
    for (let at = 0; at < part.length; ) {
      const take = Math.min(part.length - at, block.length - filled);
      block.set(part.subarray(at, at + take), filled);
      at += take;
      filled += take;
      if (filled < block.length) continue;
      yield block;
      block = new Uint8Array(CHECKSUM + BLOCK);
      filled = CHECKSUM;
    }
  }
  if (filled > CHECKSUM) yield block.subarray(0, filled);
}
