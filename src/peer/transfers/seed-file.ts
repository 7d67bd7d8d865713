import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { depositBlockLength, depositBlocks } from '../../wire/deposit-blocks.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { UPLOAD_OVERHEAD } from '../../wire/uploads.js';

const SEALED = DEPOSIT_BLOCK_BYTES + UPLOAD_OVERHEAD;

/** The blocks of a deposit, sealed as they lie at the directory, one after another in a file: under its name once all are there. */
export class SeedFile {
  readonly #path: string;
  readonly #size: number;

  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  get blocks(): number {
    return depositBlocks(this.#size);
  }

  async isWhole(): Promise<boolean> {
    return (await sizeOf(this.#path)) !== undefined;
  }

  /** How many are there from the first on, of a file that was broken off. */
  async have(): Promise<number> {
    return Math.floor(((await sizeOf(this.#partial)) ?? 0) / SEALED);
  }

  /** Writes what is still lacking, block after block, and gives the file its name. @param blocks from `have` on */
  async fill(blocks: AsyncIterable<Uint8Array>): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    let at = (await this.have()) * SEALED;
    const file = await open(this.#partial, at === 0 ? 'w' : 'r+', 0o600);
    try {
      for await (const sealed of blocks) {
        await write(file, sealed, at);
        at += sealed.length;
      }
      await file.truncate(at);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#partial, this.#path);
  }

  async *read(from: number): AsyncGenerator<{ readonly block: number; readonly sealed: Uint8Array }> {
    const file = await open(this.#path, 'r');
    try {
      for (let block = from; block < this.blocks; block++) {
        const sealed = new Uint8Array(depositBlockLength(this.#size, block) + UPLOAD_OVERHEAD);
        await file.read(sealed, 0, sealed.length, block * SEALED);
        yield { block, sealed };
      }
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await Promise.all([this.#path, this.#partial].map((path) => rm(path, { force: true })));
  }

  get #partial(): string {
    return `${this.#path}.part`;
  }
}

async function write(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
