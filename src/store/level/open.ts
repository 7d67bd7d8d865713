import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../base/log.js';
import { type Random, systemRandom } from '../../base/random.js';
import type { LocalStore } from '../local.js';
import { LevelBlobs } from './blobs.js';
import { checkContents } from './check.js';
import { type Database, openDatabase } from './database.js';
import { startEngine } from './engine.js';
import { explainOpen, explainWrite } from './failures.js';
import { Gate } from './gate.js';
import { LevelStore } from './store.js';

export interface LevelStoreOptions {
  /** Made if missing, with access for its owner alone. */
  readonly folder: string;
  readonly log?: Logger;
  readonly random?: Random;
}

/** Opens the embedded store in a folder. One process at a time: others get `store-in-use`. */
export async function openLevelStore(options: LevelStoreOptions): Promise<LocalStore> {
  const { folder, log = silentLogger, random = systemRandom } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const open = (): Promise<Database> =>
    openDatabase(join(folder, 'db'), true).catch((error: unknown) => {
      throw explainOpen(error, folder);
    });
  const database = new Gate(await open());
  const blobs: LevelBlobs = new LevelBlobs({
    folder: join(folder, 'blobs'),
    random,
    database,
    commit: async (ops) => (await store.engine()).commit.add(ops),
    disk: (work) => work().catch((error: unknown) => Promise.reject(explainWrite(error))),
  });
  const store: LevelStore = new LevelStore({
    database,
    blobs,
    engine: await startEngine(database, log),
    log,
    async recover() {
      await database.exchange(open);
      return startEngine(database, log);
    },
    check: () => checkContents(database, blobs),
    release: async () => {},
  });
  await blobs.open();
  return store;
}
