import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { Failure } from '../../base/errors.js';
import { type Logger, silentLogger } from '../../base/log.js';
import { type Random, systemRandom } from '../../base/random.js';
import { Scope } from '../../base/scope.js';
import { syncFolder } from '../../base/whole-file.js';
import type { LocalStore } from '../local.js';
import { LevelBlobs } from './blobs.js';
import { checkStore } from './check.js';
import { Durable, type Wrap } from './durable.js';
import { startEngine } from './engine.js';
import { explainOpen, explainWrite, passes } from './failures.js';
import { lockFolder } from './lock.js';
import { type Migration, migrate } from './migrate.js';
import { LevelStore } from './store.js';

export interface LevelStoreOptions {
  /**
   * Made if missing, with access for its owner alone. LevelDB makes files at any time and with the process's mask, so
   * opening a store lets the process make files for their owner alone from then on (umask 077).
   */
  readonly folder: string;
  /** Every change of format so far, in order. */
  readonly migrations?: readonly Migration[];
  readonly log?: Logger;
  readonly random?: Random;
  /** Tables of so many bytes together are compared before it opens, more of them behind it; 64 MiB if not given. */
  readonly checkedFirst?: number;
  /** What was compared after it had opened is damaged: the store has failed. */
  onDamage?(failure: Failure): void;
}

const CHECKED_FIRST = 64 * 1024 * 1024;

/**
 * Opens the embedded store in a folder. All checksums of LevelDB's files are compared (about 1 GB/s), those of a large store
 * after it has opened: then what is read waits until the tables it lies in have been compared. Fails with
 * `store-in-use` while another process has it, `store-damaged`, `store-newer`, `disk-full`.
 */
export async function openLevelStore(
  options: LevelStoreOptions,
  wrap: Wrap = (database) => database,
): Promise<LocalStore> {
  const scope = new Scope();
  try {
    return await open(options, wrap, scope);
  } catch (error) {
    await scope.close();
    throw explainOpen(error, options.folder);
  }
}

async function open(options: LevelStoreOptions, wrap: Wrap, scope: Scope): Promise<LocalStore> {
  const { folder, migrations = [], log = silentLogger, random = systemRandom } = options;
  const { checkedFirst = CHECKED_FIRST } = options;
  await makePrivate(folder);
  scope.defer(await lockFolder(folder));
  const onDamage = (failure: Failure): void => {
    log.error('store is damaged', { error: failure.message });
    found = failure;
    opened?.fail(failure);
    options.onDamage?.(failure);
  };
  let found: Failure | undefined;
  let opened: LevelStore | undefined;
  const durable = await Durable.open({ folder, wrap, log, checkedFirst, onDamage }, scope);
  const { database, fresh } = durable;
  const blobs: LevelBlobs = new LevelBlobs({
    folder: join(folder, 'blobs'),
    random,
    database,
    commit: (ops) => store.commit(ops),
    disk: (work) => guarded(work, () => store),
    assertReadable: () => store.assertReadable(),
  });
  const engine = await startEngine(durable, log);
  const store: LevelStore = new LevelStore({
    database,
    blobs,
    engine,
    log,
    async recover() {
      await durable.reopen();
      return startEngine(durable, log);
    },
    check: () => checkStore(durable, blobs),
    close: () => scope.close(),
  });
  opened = store;
  if (found !== undefined) store.fail(found);
  await migrate({ database, engine, old: store, migrations, fresh, log });
  await blobs.open();
  return store;
}

/** A disk that fails under a blob is not trusted with anything else. */
async function guarded<T>(work: () => Promise<T>, store: () => LevelStore): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = explainWrite(error);
    if (!passes(failure)) store().fail(failure);
    throw failure;
  }
}

async function makePrivate(folder: string): Promise<void> {
  if (isMainThread) process.umask(process.umask() | 0o077);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
  await chmod(folder, 0o700);
  for (const name of ['db', 'blobs']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  await syncFolder(folder);
}
