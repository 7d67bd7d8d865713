import { Level } from 'level';
import type { Op } from './commit.js';

export interface PageOptions {
  /** Inclusive. */
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** From the end of the interval down. */
  readonly reverse?: boolean;
  readonly limit: number;
}

export interface Page {
  readonly entries: readonly (readonly [id: string, sealed: Uint8Array])[];
  /** There may be more in the interval. */
  readonly more: boolean;
}

/** The part of LevelDB that the store uses; tests put one between that fails. */
export interface Database {
  get(id: string): Promise<Uint8Array | undefined>;
  /** Up to `limit` entries, fewer if they are large. */
  page(options: PageOptions): Promise<Page>;
  /** Resolves when the batch is on the disk (fdatasync). */
  write(ops: readonly Op[]): Promise<void>;
  close(): Promise<void>;
}

const PAGE_BYTES = 1024 * 1024;

/** Values are ciphertext or small: compression would cost time and hide from the scanner what lies in the tables. */
const OPTIONS = { keyEncoding: 'utf8', valueEncoding: 'view', compression: false } as const;

export async function openDatabase(folder: string, create: boolean): Promise<Database> {
  const level = new Level<string, Uint8Array>(folder, { ...OPTIONS, createIfMissing: create });
  await level.open();
  return {
    get: (id) => level.get(id),
    page: (options) => readPage(level, options),
    write: (ops) => level.batch([...ops], { sync: true }),
    close: () => level.close(),
  };
}

async function readPage(
  level: Level<string, Uint8Array>,
  { from, to, reverse = false, limit }: PageOptions,
): Promise<Page> {
  const iterator = level.iterator({ gte: from, lt: to, reverse, highWaterMarkBytes: PAGE_BYTES });
  try {
    const entries = await iterator.nextv(limit);
    const bytes = entries.reduce((sum, [id, value]) => sum + id.length + value.length, 0);
    return { entries, more: entries.length === limit || bytes >= PAGE_BYTES };
  } finally {
    await iterator.close();
  }
}

/** Everything in the interval, page by page, so that nobody holds an iterator open who stops reading. */
export async function* scan(
  database: Database,
  options: { readonly from: string; readonly to: string; readonly reverse?: boolean; readonly limit?: number },
): AsyncGenerator<readonly [id: string, sealed: Uint8Array]> {
  let { from, to, limit: left = Number.POSITIVE_INFINITY } = options;
  const { reverse = false } = options;
  for (let more = left > 0; more; ) {
    const page = await database.page({ from, to, reverse, limit: Math.min(left, 256) });
    yield* page.entries;
    left -= page.entries.length;
    const last = page.entries.at(-1)?.[0];
    more = page.more && left > 0 && last !== undefined;
    if (reverse) to = last ?? to;
    else from = `${last ?? from}\0`;
  }
}
