import { readdir, unlink } from 'node:fs/promises';
import { asBuffer, hex, utf8 } from '../../base/bytes.js';
import { Queues } from '../../base/queues.js';
import type { Random } from '../../base/random.js';
import { assertKey, bounds } from '../keys.js';
import { Quota } from '../quota.js';
import type { BlobContent, BlobRange, BlobStat, Blobs } from '../store.js';
import { type BlobWrite, readBlobFile, writeBlobFile } from './blobfile.js';
import type { Op } from './commit.js';
import { type Database, scan } from './database.js';
import { seal, unseal } from './envelope.js';
import { ids, lastPart } from './ids.js';

/** What the record of a blob says: where its content lies, and how long it is. */
interface Entry extends BlobStat {
  readonly name: string;
}

export interface BlobsEnvironment {
  readonly folder: string;
  readonly random: Random;
  readonly database: Database;
  commit(ops: readonly Op[]): Promise<void>;
  readonly disk: BlobWrite['disk'];
  /** Throws the Failure which the store is in. */
  assertReadable(): void;
}

/**
 * Blobs of all spaces: content in files of unguessable, never repeated names, and a record of each in LevelDB. The
 * record comes after the file and goes before it, so what is listed is whole; files without a record are left-overs.
 */
export class LevelBlobs {
  readonly #environment: BlobsEnvironment;
  readonly #spaces = new Map<string, Promise<{ readonly quota: Quota }>>();
  /** By id: changes of each follow each other. */
  readonly #turns = new Queues();

  constructor(environment: BlobsEnvironment) {
    this.#environment = environment;
  }

  /** Deletes what a crash left over. */
  async open(): Promise<void> {
    const { folder, database } = this.#environment;
    const files = new Set(await readdir(folder));
    if (files.size === 0) return;
    for await (const [id, sealed] of scan(database, { from: 'b\0', to: 'b\x01' })) files.delete(parse(id, sealed).name);
    for (const name of files) await unlink(`${folder}/${name}`);
  }

  space(space: string, limit: number): Blobs {
    return {
      put: (key, content, { maxBytes } = {}) => this.#put(space, key, content, maxBytes, limit),
      get: (key, range = {}) => this.#get(space, key, range),
      stat: async (key) => {
        const entry = await this.#find(space, key);
        return entry && { size: entry.size };
      },
      delete: (key) => this.#delete(space, key),
      list: ({ prefix = '' } = {}) => this.#list(space, prefix),
      usage: () => this.#usage(space),
    };
  }

  /** Reads the whole content of a blob by its record; its size. Throws `store-damaged`. */
  async verify(id: string, sealed: Uint8Array): Promise<number> {
    const { name, size } = parse(id, sealed);
    for await (const _ of readBlobFile({ folder: this.#environment.folder, name, size, start: 0, end: size }));
    return size;
  }

  async #put(
    space: string,
    key: string,
    content: BlobWrite['content'],
    maxBytes: number | undefined,
    limit: number,
  ): Promise<BlobStat> {
    assertKey(key);
    const { folder, random, disk } = this.#environment;
    const { quota } = await this.#space(space);
    const account = quota.account(maxBytes, limit);
    const name = hex(random.bytes(16));
    try {
      const size = await writeBlobFile({ folder, name, content, account: account.add, disk });
      await this.#turns.take(ids.blob(space, key), () => this.#swap(space, key, { name, size }));
      return { size };
    } catch (error) {
      account.giveBack();
      throw error;
    }
  }

  #delete(space: string, key: string): Promise<void> {
    return this.#turns.take(ids.blob(space, key), () => this.#swap(space, key, undefined));
  }

  /** Lets the key mean the new file or nothing, and then forgets the old file. */
  async #swap(space: string, key: string, entry: Entry | undefined): Promise<void> {
    const { quota } = await this.#space(space);
    const id = ids.blob(space, key);
    const old = await this.#find(space, key);
    if (entry === undefined && old === undefined) return;
    await this.#environment.commit([
      entry === undefined ? { type: 'del', key: id } : { type: 'put', key: id, value: format(id, entry) },
    ]);
    if (old === undefined) return;
    quota.free(old.size);
    await unlink(`${this.#environment.folder}/${old.name}`).catch(() => {}); // a left-over goes at the next opening
  }

  async #get(space: string, key: string, range: BlobRange): Promise<BlobContent | undefined> {
    const entry = await this.#find(space, key);
    if (entry === undefined) return undefined;
    const { name, size } = entry;
    const { start = 0, end = size } = range;
    const { folder } = this.#environment;
    return { size, content: readBlobFile({ folder, name, size, start, end: Math.min(end, size) }) };
  }

  async #find(space: string, key: string): Promise<Entry | undefined> {
    this.#environment.assertReadable();
    assertKey(key);
    const id = ids.blob(space, key);
    const sealed = await this.#environment.database.get(id);
    return sealed && parse(id, sealed);
  }

  async *#list(space: string, prefix: string): AsyncGenerator<BlobStat & { readonly key: string }> {
    this.#environment.assertReadable();
    const { from, to } = bounds({ prefix });
    const interval = { from: ids.blob(space, from), to: ids.blob(space, to) };
    for await (const [id, sealed] of scan(this.#environment.database, interval)) {
      yield { key: lastPart(id), size: parse(id, sealed).size };
    }
  }

  async #usage(space: string): Promise<{ readonly blobs: number; readonly bytes: number }> {
    let blobs = 0;
    let bytes = 0;
    for await (const { size } of this.#list(space, '')) {
      blobs++;
      bytes += size;
    }
    return { blobs, bytes };
  }

  #space(space: string): Promise<{ readonly quota: Quota }> {
    let found = this.#spaces.get(space);
    if (found === undefined) {
      found = this.#usage(space).then(({ bytes }) => ({ quota: new Quota(bytes) }));
      this.#spaces.set(space, found);
      found.catch(() => this.#spaces.delete(space));
    }
    return found;
  }
}

/** Size (8 bytes, big-endian), then the file's name. */
function format(id: string, { name, size }: Entry): Uint8Array {
  const label = utf8(name);
  const body = new Uint8Array(8 + label.length);
  asBuffer(body).writeBigUInt64BE(BigInt(size));
  body.set(label, 8);
  return seal(id, body);
}

function parse(id: string, sealed: Uint8Array): Entry {
  const body = asBuffer(unseal(id, sealed));
  return { size: Number(body.readBigUInt64BE()), name: body.toString('utf8', 8) };
}
