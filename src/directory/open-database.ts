import { join } from 'node:path';
import type { Failure } from '../base/errors.js';
import { openLevelStore } from '../store/level/open.js';
import { openMemoryStore } from '../store/memory/open.js';
import type { Store } from '../store/store.js';
import { createSecrets, readSecrets, type Secrets, writeSecrets } from './authority/secrets.js';
import { timedStore } from './metrics/timed-store.js';
import { carryOut } from './requests/ledger.js';
import { DirectoryServer, type ListenAddress } from './server/server.js';
import { openServices, type Services, type ServicesInit } from './services.js';

export interface ServedDatabaseInit extends Omit<ServicesInit, 'store' | 'secrets' | 'carryOut'> {
  /** The database's own folder; undefined keeps everything in memory. */
  readonly folder: string | undefined;
  readonly listen: ListenAddress;
}

/** One open database and the server on it. The authority lies beside the store: each database is a directory of its own. */
export interface ServedDatabase {
  readonly core: Services;
  readonly server: DirectoryServer;
  close(why: Failure): Promise<void>;
}

/** @throws Failure storage, usage 'port-busy' */
export async function openServedDatabase(init: ServedDatabaseInit): Promise<ServedDatabase> {
  const { secrets, store } = await openDatabase(init);
  const { meter, clock } = init;
  try {
    const timed = meter === undefined ? store : timedStore(store, meter, () => clock.monotonic());
    const core = await openServices({ ...init, secrets, store: timed, carryOut });
    try {
      const server = await DirectoryServer.listen(core, init.listen);
      const close = async (why: Failure): Promise<void> => {
        await server.close(why);
        await core.close();
        await store.close();
      };
      return { core, server, close };
    } catch (error) {
      await core.close();
      throw error;
    }
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openDatabase({
  folder,
  clock,
  random,
  log,
}: ServedDatabaseInit): Promise<{ secrets: Secrets; store: Store }> {
  if (folder === undefined) {
    return { secrets: await createSecrets(clock.now(), random), store: openMemoryStore({ log }) };
  }
  // The store's lock is taken first: two first starts at once must not make two authorities.
  const store = await openLevelStore({ folder: join(folder, 'store'), log, random });
  try {
    return { secrets: (await readSecrets(folder)) ?? (await writeSecrets(folder, clock.now(), random)), store };
  } catch (error) {
    await store.close();
    throw error;
  }
}
