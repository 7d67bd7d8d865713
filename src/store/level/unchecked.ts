import { link, mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.js';
import type { Failure } from '../../base/errors.js';
import { syncFolder } from '../../base/whole-file.js';
import { damaged } from '../failures.js';
import type { Database, Page, PageOptions } from './database.js';
import { explainRead, passes } from './failures.js';
import type { Table } from './inspect/inspect.js';
import { verifyTable } from './inspect/table.js';

const AGAIN_MS = 1_000;

/**
 * Tables whose checksums are compared after the database was opened:
 *
 * - LevelDB may merge a table into others, with fresh checksums over whatever it has, and delete it. So before it is opened each
 *   table gets a second name here, and it is that file which is compared.
 * - Whatever is read is given out only when every table in whose range of keys it lies has been compared: what a table was
 *   merged into lies in the same range.
 * - What nobody reads is compared one by one behind it. Where one is damaged the store fails as a whole, as it would have
 *   at its opening.
 */
export class UncheckedTables {
  readonly #folder: string;
  readonly #left: Set<Table>;
  readonly #checking = new Map<Table, Promise<void>>();
  #failure: Failure | undefined;
  #ended = false;
  #wake: () => void = () => {};
  /** Told once of the first that is damaged. */
  onDamage: (failure: Failure) => void = () => {};

  private constructor(folder: string, tables: readonly Table[]) {
    this.#folder = folder;
    this.#left = new Set(tables);
  }

  /**
   * @param database where the tables lie, which nobody has open
   * @returns undefined where the file system gives no file two names
   */
  static async keep(folder: string, database: string, tables: readonly Table[]): Promise<UncheckedTables | undefined> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      for (const { name } of tables) await link(join(database, name), join(folder, name)).catch(exists);
      await syncFolder(folder);
    } catch {
      return undefined;
    }
    return new UncheckedTables(folder, tables);
  }

  /** Compares what is left, one after the other. Resolves when all are compared, one was damaged, or it was ended. */
  async checkAll(): Promise<void> {
    for (;;) {
      for (const table of this.#left) {
        if (this.#isOver) return;
        // What it failed with is told.
        await this.#check(table).catch(() => {});
      }
      if (this.#isOver || this.#left.size === 0) return;
      // Something is lacking for a while, as descriptors.
      await new Promise<void>((resolve) => {
        const cancel = systemClock.after(AGAIN_MS, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  get #isOver(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Resolves when all tables that may have a key from `from` (inclusive) to `to` (exclusive) are compared. */
  async assertSound(from: string, to: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#left.size === 0) return;
    const within = [...this.#left].filter(({ smallest, largest }) => smallest < to && largest >= from);
    for (const table of within) await this.#check(table);
  }

  /** Nothing more is compared; the next opening goes on. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await Promise.allSettled(this.#checking.values());
  }

  #check(table: Table): Promise<void> {
    const known = this.#checking.get(table);
    if (known !== undefined) return known;
    const checking = this.#compare(table).finally(() => this.#checking.delete(table));
    this.#checking.set(table, checking);
    return checking;
  }

  async #compare(table: Table): Promise<void> {
    if (!this.#left.has(table)) return;
    try {
      await compareTable(join(this.#folder, table.name), table);
    } catch (error) {
      throw this.#found(explainRead(error));
    }
    this.#left.delete(table);
    // Where it stays, it is compared once more at the next opening.
    await unlink(join(this.#folder, table.name)).catch(() => {});
  }

  #found(failure: Failure): Failure {
    if (passes(failure)) return failure;
    if (this.#failure === undefined) {
      this.#failure = failure;
      this.onDamage(failure);
    }
    return this.#failure;
  }
}

async function compareTable(path: string, { name, size }: Pick<Table, 'name' | 'size'>): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length !== size) throw damaged(`${name} has ${bytes.length} bytes instead of ${size}`);
  verifyTable(bytes, name);
}

/**
 * Compares what an earlier process had merged into other tables, and had not come to compare.
 * @throws Failure storage 'store-damaged'
 */
export async function compareMerged(folder: string, tables: readonly Table[]): Promise<void> {
  const inUse = new Set(tables.map(({ name }) => name));
  for (const name of await readdir(folder).catch(() => [])) {
    if (inUse.has(name)) continue;
    const path = join(folder, name);
    await compareTable(path, { name, size: (await stat(path)).size });
    await unlink(path);
  }
}

/** From an earlier opening. */
const exists = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error;
};

/** The database, of which nothing is given out that lies in a table not compared yet. */
export class CheckedDatabase implements Database {
  readonly #inner: Database;
  readonly #tables: UncheckedTables;
  /** Resolves when all is compared, or nothing more is. */
  readonly #checked: Promise<void>;

  constructor(inner: Database, tables: UncheckedTables) {
    this.#inner = inner;
    this.#tables = tables;
    this.#checked = tables.checkAll();
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    const value = await this.#inner.get(id);
    await this.#tables.assertSound(id, `${id}\0`);
    return value;
  }

  async page(options: PageOptions): Promise<Page> {
    const page = await this.#inner.page(options);
    const last = page.more ? page.entries.at(-1)?.[0] : undefined;
    const { from, to, reverse = false } = options;
    if (last === undefined) await this.#tables.assertSound(from, to);
    else if (reverse) await this.#tables.assertSound(last, to);
    else await this.#tables.assertSound(from, `${last}\0`);
    return page;
  }

  write: Database['write'] = (ops) => this.#inner.write(ops);

  async close(): Promise<void> {
    await this.#tables.end();
    await this.#checked;
    await this.#inner.close();
  }
}
