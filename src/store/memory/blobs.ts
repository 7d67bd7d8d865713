import { concat } from '../../base/bytes.js';
import { assertKey, bounds } from '../keys.js';
import { Quota } from '../quota.js';
import type { Blobs } from '../store.js';
import { SortedMap } from './sorted.js';

/** The blobs of one space, in memory. */
export class MemoryBlobs {
  readonly #blobs = new SortedMap<Uint8Array>();
  readonly #quota = new Quota();
  readonly #assertOpen: () => void;

  constructor(assertOpen: () => void) {
    this.#assertOpen = assertOpen;
  }

  total(): { readonly blobs: number; readonly bytes: number } {
    const all = this.#blobs.range('', '\x7f');
    return { blobs: all.length, bytes: all.reduce((sum, [, blob]) => sum + blob.length, 0) };
  }

  limitedTo(quota: number): Blobs {
    return {
      put: (key, content, { maxBytes } = {}) => this.#put(key, content, maxBytes, quota),
      get: async (key, { start = 0, end = Number.POSITIVE_INFINITY } = {}) => {
        const blob = this.#find(key);
        return blob && { size: blob.length, content: once(blob.slice(start, Math.min(end, blob.length))) };
      },
      stat: async (key) => {
        const blob = this.#find(key);
        return blob && { size: blob.length };
      },
      delete: async (key) => this.#remove(key),
      list: ({ prefix = '' } = {}) => this.#list(prefix),
      usage: async () => {
        this.#assertOpen();
        return this.total();
      },
    };
  }

  async #put(
    key: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    maxBytes: number | undefined,
    quota: number,
  ): Promise<{ readonly size: number }> {
    this.#assertOpen();
    assertKey(key);
    const account = this.#quota.account(maxBytes, quota);
    const parts: Uint8Array[] = [];
    try {
      for await (const part of content) {
        account.add(part.length);
        parts.push(part.slice());
      }
      this.#assertOpen();
    } catch (error) {
      account.giveBack();
      throw error;
    }
    this.#remove(key);
    const blob = concat(...parts);
    this.#blobs.set(key, blob);
    return { size: blob.length };
  }

  #find(key: string): Uint8Array | undefined {
    this.#assertOpen();
    assertKey(key);
    return this.#blobs.get(key);
  }

  #remove(key: string): void {
    const old = this.#find(key);
    if (old !== undefined) this.#quota.free(old.length);
    this.#blobs.delete(key);
  }

  async *#list(prefix: string): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    this.#assertOpen();
    const { from, to } = bounds({ prefix });
    for (const [key, blob] of this.#blobs.range(from, to)) yield { key, size: blob.length };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
