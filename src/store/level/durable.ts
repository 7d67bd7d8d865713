import { existsSync } from 'node:fs';
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Scope } from '../../base/scope.js';
import { diskFull } from '../failures.js';
import { type Database, openDatabase } from './database.js';
import { explainOpen } from './failures.js';
import { Gate } from './gate.js';
import { Head } from './head.js';
import { type Inspection, inspectLevel, outlineLevel, type Table, verifyTables } from './inspect/inspect.js';
import { CheckedDatabase, compareMerged, UncheckedTables } from './unchecked.js';

/** Room that must be free, besides what opening writes, before a full store is opened anew. */
const SPARE_BYTES = 1024 * 1024;

/** Lets a test put something between the store and LevelDB. */
export type Wrap = (database: Database) => Database;

export interface DurableOptions {
  readonly folder: string;
  /** Tables of so many bytes together are compared before the database is opened, more of them behind it. */
  readonly checkedFirst: number;
  /** A table that was left for later is damaged. */
  onDamage(failure: Failure): void;
  readonly wrap: Wrap;
  readonly log: Logger;
}

/** LevelDB and the count of its writes: nothing is given out before the checksums of where it lies were compared. */
export class Durable {
  readonly #options: DurableOptions;
  readonly #head: Head;
  readonly database: Gate;

  private constructor(options: DurableOptions, head: Head, database: Gate) {
    this.#options = options;
    this.#head = head;
    this.database = database;
  }

  static async open(options: DurableOptions, scope: Scope): Promise<Durable> {
    const head = await Head.open(options.folder, existsSync(join(levelFolder(options), 'CURRENT')));
    scope.defer(() => head.close());
    const database = new Gate(await openInspected(options, head));
    scope.defer(() => database.close());
    return new Durable(options, head, database);
  }

  /** Nothing was ever written. */
  get fresh(): boolean {
    return this.#head.written === 0;
  }

  /** So many more keys are on the disk. */
  advance(keys: number): void {
    this.#head.advance(keys);
  }

  /** LevelDB cannot go on after a failed write: its log may end in the middle of a record. Opening it anew mends that. */
  async reopen(): Promise<void> {
    await this.#assertRoom();
    await this.database.exchange(() =>
      openInspected(this.#options, this.#head).catch((error: unknown) => {
        throw explainOpen(error, this.#options.folder);
      }),
    );
  }

  /** Compares all checksums while the database is in use. */
  inspect(): Promise<Inspection | undefined> {
    return inspectLevel(levelFolder(this.#options), this.#head.written);
  }

  /** Opening writes what the logs hold into tables. While there is no room for it, the store can at least be read. */
  async #assertRoom(): Promise<void> {
    const folder = levelFolder(this.#options);
    const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
    const sizes = await Promise.all(logs.map(async (name) => (await stat(join(folder, name))).size));
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < 2 * sizes.reduce((sum, size) => sum + size, 0) + SPARE_BYTES) throw diskFull();
  }
}

async function openInspected(options: DurableOptions, head: Head): Promise<Database> {
  const folder = levelFolder(options);
  const outline = await outlineLevel(folder, head.written);
  if (outline?.torn) options.log.warn('store was left in the middle of a write, which was never acknowledged');
  const unchecked = await uncheckedOf(options, outline?.tables ?? []);
  head.found(outline?.lastSequence ?? 0);
  const database = options.wrap(await openDatabase(folder, outline === undefined));
  return unchecked === undefined ? database : new CheckedDatabase(database, unchecked);
}

/** Compares the tables, or leaves it for later. */
async function uncheckedOf(options: DurableOptions, tables: readonly Table[]): Promise<UncheckedTables | undefined> {
  const kept = join(options.folder, 'unchecked');
  await compareMerged(kept, tables);
  if (tables.reduce((sum, { size }) => sum + size, 0) > options.checkedFirst) {
    const unchecked = await UncheckedTables.keep(kept, levelFolder(options), tables);
    if (unchecked !== undefined) {
      unchecked.onDamage = options.onDamage;
      return unchecked;
    }
  }
  await verifyTables(levelFolder(options), tables);
  await rm(kept, { recursive: true, force: true });
  return undefined;
}

const levelFolder = ({ folder }: DurableOptions): string => join(folder, 'db');
