import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { utf8 } from '../../base/bytes.js';
import { writeWholeFile } from '../../base/whole-file.js';
import { damaged, newer } from '../failures.js';

/** How files and keys are laid out. Raised when a program that knows only the old layout must not touch the new. */
const LAYOUT = 1;

const NAME = 'head';
const MAGIC = utf8('p2pchat store');
const SIZE = 1024;
/** Where the count is: in a sector of its own, which the disk writes as one. */
const COUNT_AT = 512;
/** Count (8 bytes, big-endian) and its CRC-32 (4). */
const COUNT = 12;

/**
 * The file `head` beside LevelDB's: the layout, and how many writes were acknowledged, by LevelDB's own count. A log
 * that lost its end looks to LevelDB like one whose writer was killed; the count tells the difference. It is written
 * after the acknowledged batch is on the disk, and not forced there itself: after a power cut it may be too low, never
 * too high, and after a crash of the program it is exact.
 */
export class Head {
  readonly #file: FileHandle;
  #written: number;

  private constructor(file: FileHandle, written: number) {
    this.#file = file;
    this.#written = written;
  }

  /** Makes the file if it and `begun`, the database, are missing. Throws `store-newer`, `store-damaged`. */
  static async open(folder: string, begun: boolean): Promise<Head> {
    const path = join(folder, NAME);
    const file = await open(path, 'r+').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      if (begun) throw damaged(`the file ${NAME} is missing`);
      await create(path);
      return open(path, 'r+');
    });
    try {
      return new Head(file, await readHead(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get written(): number {
    return this.#written;
  }

  /** That many are there: what was acknowledged, and perhaps what was written when the program was killed. */
  found(sequence: number): void {
    this.#written = Math.max(this.#written, sequence);
  }

  /** So many more keys were written. Called when they are on the disk, and before anyone is told. */
  advance(keys: number): void {
    this.#written += keys;
    writeSync(this.#file.fd, formatCount(this.#written), 0, COUNT, COUNT_AT);
  }

  async close(): Promise<void> {
    try {
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}

/** Written under another name first: a head that is there is whole. */
async function create(path: string): Promise<void> {
  const bytes = new Uint8Array(SIZE);
  bytes.set(formatLayout(LAYOUT));
  bytes.set(formatCount(0), COUNT_AT);
  await writeWholeFile(path, bytes);
}

async function readHead(file: FileHandle): Promise<number> {
  const bytes = Buffer.alloc(SIZE);
  const { bytesRead } = await file.read(bytes, 0, SIZE, 0);
  const layout = bytes.readUInt32BE(MAGIC.length);
  const count = Number(bytes.readBigUInt64BE(COUNT_AT));
  if (bytesRead < SIZE || !holds(bytes, formatLayout(layout), 0) || !holds(bytes, formatCount(count), COUNT_AT)) {
    throw damaged(`the file ${NAME} does not match its checksum`);
  }
  if (layout > LAYOUT) throw newer(layout, LAYOUT);
  return count;
}

const holds = (bytes: Buffer, part: Buffer, at: number): boolean => bytes.subarray(at, at + part.length).equals(part);

/** Magic, layout (4 bytes, big-endian), CRC-32 of both (4). */
function formatLayout(layout: number): Buffer {
  const bytes = Buffer.alloc(MAGIC.length + 8);
  bytes.set(MAGIC);
  bytes.writeUInt32BE(layout, MAGIC.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, MAGIC.length + 4)), MAGIC.length + 4);
  return bytes;
}

function formatCount(count: number): Buffer {
  const bytes = Buffer.alloc(COUNT);
  bytes.writeBigUInt64BE(BigInt(count));
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}
