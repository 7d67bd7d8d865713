import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';
import { Queues } from '../base/queues.js';
import { openLevelStore } from '../store/level/open.js';
import { openMemoryStore } from '../store/memory/open.js';
import type { NatsStoreOptions } from '../store/nats/open.js';
import type { Store } from '../store/store.js';
import { Ownership } from './accounts/ownership.js';
import { sharedSecrets } from './authority/sealed-secrets.js';
import { createSecrets, hasSecrets, readSecrets, type Secrets, writeSecrets } from './authority/secrets.js';
import { timedStore } from './metrics/timed-store.js';
import { backUp } from './moving/backup.js';
import type { Inventory } from './moving/inventory.js';
import { assertServable, clearStanding } from './moving/standing.js';
import { WatchedStore } from './moving/watched-store.js';
import type { OwnRelayOptions } from './relays/own-relay.js';
import { carryOut } from './requests/ledger.js';
import { openTables } from './rows.js';
import { DirectoryServer, type ListenAddress } from './server/server.js';
import { openServices, type Services, type ServicesInit } from './services.js';

export interface ServedDatabaseInit extends Omit<ServicesInit, 'store' | 'secrets' | 'carryOut'> {
  /** The database's own folder, or a store in NATS; undefined keeps everything in memory. */
  readonly keptIn: string | SharedStore | undefined;
  /** Ends the wait of one that stands by. */
  readonly signal: AbortSignal;
  readonly listen: ListenAddress;
  /** None, if not given. */
  readonly relay?: OwnRelayOptions | undefined;
}

/** A store in NATS, and what opens the secrets in it. */
export interface SharedStore extends Omit<NatsStoreOptions, 'log' | 'random'> {
  readonly passphrase: string;
}

/** One open database and the server on it. The authority lies beside the store: each database is a directory of its own. */
export interface ServedDatabase {
  readonly core: Services;
  readonly server: DirectoryServer;
  /** Copies it, as it is at one moment, into a folder. @throws Failure */
  backUp(to: string): Promise<Inventory>;
  close(why: Failure): Promise<void>;
}

/** @throws Failure storage, usage 'port-busy' */
export async function openServedDatabase(init: ServedDatabaseInit): Promise<ServedDatabase> {
  const { secrets, store, restored, release } = await openDatabase(init);
  const { meter, clock } = init;
  try {
    const timed = meter === undefined ? store : timedStore(store, meter, () => clock.monotonic());
    const watched = new WatchedStore(timed);
    const core = await openServices({ ...init, restored, secrets, store: watched, carryOut });
    try {
      // From here on the new life stands in the store.
      if (restored) await clearStanding(store);
      const server = await DirectoryServer.listen(core, init.listen, init.relay);
      const close = async (why: Failure): Promise<void> => {
        await server.close(why);
        await core.close();
        await release?.();
        await store.close();
      };
      const backups = new Queues();
      const from = { store: watched, clock, secrets: secrets.text, where: nameOf(init.keptIn) };
      return { core, server, backUp: (to) => backups.take('backup', () => backUp({ ...from, to })), close };
    } catch (error) {
      await core.close();
      throw error;
    }
  } catch (error) {
    await release?.();
    await store.close();
    throw error;
  }
}

const nameOf = (keptIn: string | SharedStore | undefined): string =>
  typeof keptIn === 'object' ? `nats://${keptIn.servers.join(',')}` : (keptIn ?? 'memory');

interface OpenedDatabase {
  readonly secrets: Secrets;
  readonly store: Store;
  /** Whether it was put back from a copy. */
  readonly restored: boolean;
  /** Lets another process serve. */
  release?(): Promise<void>;
}

async function openDatabase(init: ServedDatabaseInit): Promise<OpenedDatabase> {
  const { keptIn: folder, clock, random, log, restored = false } = init;
  if (folder === undefined) {
    return { secrets: await createSecrets(clock.now(), random), store: openMemoryStore({ log }), restored };
  }
  if (typeof folder !== 'string') return openShared(folder, init);
  // Where there is an authority there was a store: the first start makes that first.
  if (hasSecrets(folder) && !existsSync(join(folder, 'store', 'db', 'CURRENT'))) throw new Failure('store-missing');
  // The store's lock is taken first: two first starts at once must not make two authorities.
  const store = await openLevelStore({ folder: join(folder, 'store'), log, random, onDamage: init.onBroken });
  try {
    const wasRestored = await assertServable(store, restored);
    const secrets = await readSecrets(folder);
    if (secrets === undefined && (await Ownership.directoryId(openTables(store))) !== undefined)
      throw new Failure('authority-missing');
    return { secrets: secrets ?? (await writeSecrets(folder, clock.now(), random)), store, restored: wasRestored };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Resolves when this process may serve: until then it stands by. */
async function openShared(
  { passphrase, ...options }: SharedStore,
  { clock, random, log, signal, onBroken, restored = false }: ServedDatabaseInit,
): Promise<OpenedDatabase> {
  // Most directories run without: what isn't used is not loaded.
  const [{ openNatsStore }, { Lease }] = await Promise.all([import('../store/nats/open.js'), import('./lease.js')]);
  const store = await openNatsStore({ ...options, random, log });
  try {
    await assertServable(store, restored);
    // A key that does not fit is told before anybody stands by.
    const secrets = await sharedSecrets(store, passphrase, { now: clock.now(), random });
    const lease = await Lease.take({ store, clock, random, log, signal, standBy: true, onLost: onBroken });
    store.guardWrites(() => lease.assertHeld());
    // It may have been moved away while this process stood by.
    const wasRestored = await assertServable(store, restored).catch(async (error: unknown) => {
      await lease.release();
      throw error;
    });
    return { secrets, store, restored: wasRestored, release: () => lease.release() };
  } catch (error) {
    await store.close();
    throw error;
  }
}
