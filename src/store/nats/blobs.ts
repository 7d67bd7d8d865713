import type { ObjectResult, ObjectStore } from '@nats-io/obj';
import { asBuffer, fromUtf8, hex, utf8 } from '../../base/bytes.js';
import { systemClock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import type { Random } from '../../base/random.js';
import { damaged } from '../failures.js';
import { assertKey } from '../keys.js';
import type { Quota } from '../quota.js';
import type { BlobContent, BlobRange, BlobStat, Blobs } from '../store.js';
import type { Cluster } from './cluster.js';
import { explain, unavailable } from './failures.js';
import type { NatsRecords } from './records.js';

/** What the record of a blob says: the object with its content, and how long it is. */
interface Entry extends BlobStat {
  readonly name: string;
}

const CHUNK_BYTES = 128 * 1024;
const STALLED_MS = 10_000;

export interface BlobsInit {
  readonly cluster: Cluster;
  readonly objects: ObjectStore;
  readonly index: NatsRecords;
  readonly random: Random;
  readonly limit: number;
  readonly quota: Quota;
  /** Sets `quota` to what the space holds. */
  counted: Promise<void> | undefined;
}

/**
 * Blobs of one space: objects of unguessable, never repeated names in the object store, and a record of each. The record
 * comes after the object and goes before it, so what is listed is whole; objects without a record are left-overs.
 */
export class NatsBlobs implements Blobs {
  readonly #init: BlobsInit;
  readonly #turns = new Queues();

  constructor(init: BlobsInit) {
    this.#init = init;
  }

  async put(
    key: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    { maxBytes }: { readonly maxBytes?: number } = {},
  ): Promise<BlobStat> {
    assertKey(key);
    const { cluster, objects, random, quota, limit } = this.#init;
    cluster.assertOpen();
    if (Number.isFinite(limit)) await this.#count();
    const account = quota.account(maxBytes, limit);
    const name = hex(random.bytes(16));
    let failure: unknown;
    const stream = streamOf(content, account.add, (error) => {
      failure = error;
    });
    try {
      const { size } = await objects
        .put({ name, options: { max_chunk_size: CHUNK_BYTES } }, stream)
        .catch(async (error) => {
          await objects.delete(name).catch(() => {});
          throw failure ?? explain(error);
        });
      // Where this fails the record may name the object all the same: if it does not, a sweep takes the object.
      await this.#turns.take(key, () => this.#swap(key, { name, size }));
      return { size };
    } catch (error) {
      account.giveBack();
      throw error;
    }
  }

  async get(
    key: string,
    { start = 0, end = Number.POSITIVE_INFINITY }: BlobRange = {},
  ): Promise<BlobContent | undefined> {
    const entry = await this.#find(key);
    if (entry === undefined) return undefined;
    return { size: entry.size, content: this.#content(key, entry, start, Math.min(end, entry.size)) };
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    const entry = await this.#find(key);
    return entry && { size: entry.size };
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    this.#init.cluster.assertOpen();
    await this.#turns.take(key, () => this.#swap(key, undefined));
  }

  async *list(options: { readonly prefix?: string } = {}): AsyncGenerator<BlobStat & { readonly key: string }> {
    this.#init.cluster.assertOpen();
    for await (const { key, value } of this.#init.index.range(options)) yield { key, size: parse(value).size };
  }

  async usage(): Promise<{ readonly blobs: number; readonly bytes: number }> {
    let blobs = 0;
    let bytes = 0;
    for await (const { size } of this.list()) {
      blobs++;
      bytes += size;
    }
    return { blobs, bytes };
  }

  /** Lets the key mean the new object or nothing, and then forgets the old one. */
  async #swap(key: string, entry: Entry | undefined): Promise<void> {
    const { index, objects, quota } = this.#init;
    const old = await this.#find(key);
    if (entry !== undefined) await index.put(key, format(entry));
    else if (old !== undefined) await index.delete(key);
    if (old === undefined) return;
    quota.free(old.size);
    await objects.delete(old.name).catch(() => {}); // a left-over goes with the next sweep
  }

  async *#content(key: string, { name }: Entry, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start >= end) return;
    const found = await this.#open(name);
    if (found === null) {
      const now = await this.#find(key);
      // Replaced since the record was read.
      if (now !== undefined && now.name !== name) yield* this.#content(key, now, start, Math.min(end, now.size));
      else throw damaged(`the content of a blob is missing (${name})`);
      return;
    }
    let at = 0;
    const reader = found.data.getReader();
    // What went wrong is told by the stream as well.
    found.error.catch(() => {});
    try {
      for (;;) {
        const { done, value } = await within(reader.read());
        if (done) return;
        const part = value.slice(Math.max(0, start - at), Math.max(0, end - at));
        if (part.length > 0) yield part;
        at += value.length;
        if (at >= end && end < found.info.size) return;
      }
    } catch (error) {
      throw error instanceof Failure ? error : damaged(`a blob does not match its checksum (${name})`, error);
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  #open(name: string): Promise<ObjectResult | null> {
    return this.#init.objects.get(name).catch((error: unknown) => {
      throw explain(error);
    });
  }

  async #find(key: string): Promise<Entry | undefined> {
    const record = await this.#init.index.get(key);
    return record && parse(record.value);
  }

  /** What other nodes have stored counts from here on; what they are writing at this moment does not. */
  #count(): Promise<void> {
    this.#init.counted ??= this.usage().then(
      ({ bytes }) => this.#init.quota.add(bytes),
      (error: unknown) => {
        this.#init.counted = undefined;
        throw error;
      },
    );
    return this.#init.counted;
  }
}

/** A consumer whose object is deleted meanwhile delivers nothing, and says nothing. */
async function within<T>(delivered: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = systemClock.after(STALLED_MS, () => reject(unavailable('the content of a blob does not arrive')));
  });
  try {
    return await Promise.race([delivered, late]);
  } finally {
    cancel();
  }
}

/** Size (8 bytes, big-endian), then the object's name. */
function format({ name, size }: Entry): Uint8Array {
  const label = utf8(name);
  const body = new Uint8Array(8 + label.length);
  asBuffer(body).writeBigUInt64BE(BigInt(size));
  body.set(label, 8);
  return body;
}

export const parse = (body: Uint8Array): Entry => ({
  size: Number(asBuffer(body).readBigUInt64BE()),
  name: fromUtf8(body.subarray(8)),
});

function streamOf(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  account: (bytes: number) => void,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const parts = Symbol.asyncIterator in content ? content[Symbol.asyncIterator]() : content[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await parts.next();
        if (done) {
          controller.close();
          return;
        }
        account(value.length);
        controller.enqueue(value.slice());
      } catch (error) {
        onError(error);
        controller.error(error);
      }
    },
    async cancel() {
      await parts.return?.();
    },
  });
}
