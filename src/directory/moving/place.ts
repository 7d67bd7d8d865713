import { join } from 'node:path';
import { systemClock } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import { silentLogger } from '../../base/log.js';
import { systemRandom } from '../../base/random.js';
import { openLevelStore } from '../../store/level/open.js';
import type { CheckReport } from '../../store/local.js';
import { parseNatsAddress } from '../../store/nats/address.js';
import type { NatsServers } from '../../store/nats/connection.js';
import type { Store } from '../../store/store.js';
import { readSharedSecrets, shareSecrets } from '../authority/sealed-secrets.js';
import { hasSecrets, readSecretsFile, writeSecretsFile } from '../authority/secrets.js';
import { readCurrent } from '../current-database.js';

/** A store that nobody serves, and nobody can begin to serve while it is open here; with the secrets that belong to it. */
export interface Place {
  readonly store: Store & { check(): Promise<CheckReport> };
  /** Ends what is done with it, where it can't be kept any longer. */
  readonly signal: AbortSignal;
  /** As they stand in `authority.json`; undefined where there are none. */
  secrets(): Promise<string | undefined>;
  putSecrets(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  /** For a store in NATS: what opens its secrets, and the files for its servers. */
  readonly storeKey?: string;
  readonly nats?: Omit<NatsServers, 'servers'>;
}

/**
 * @param place `level:DIR`, the data folder, of which the database that was open last counts; or `nats://…`
 * @param isThere nothing is made where there is none
 * @throws Failure usage 'store-address', 'directory-none', 'directory-running', 'key-file-needed'; storage
 */
export function openPlace(place: string, options: PlaceOptions, isThere: boolean): Promise<Place> {
  if (place.startsWith('level:')) return levelPlace(place.slice('level:'.length), isThere);
  if (place.startsWith('nats:')) return natsPlace(place, options);
  throw new Failure('store-address', 'That is not the place of a directory.', {
    hint: 'Give level:DIR, the data folder of a directory, or nats://HOST:PORT,HOST:PORT,HOST:PORT.',
  });
}

/** The folder of the database that was open last. */
export const databaseFolder = async (data: string): Promise<string> =>
  join(data, 'databases', (await readCurrent(data)) ?? 'main');

async function levelPlace(data: string, isThere: boolean): Promise<Place> {
  const folder = await databaseFolder(data);
  if (isThere && !hasSecrets(folder)) throw new Failure('directory-none', `${folder} holds no directory.`);
  const store = await openLevelStore({ folder: join(folder, 'store') }).catch((error: unknown) => {
    throw hasCode(error, 'store-in-use') ? new Failure('directory-running', undefined, { cause: error }) : error;
  });
  return {
    store,
    signal: new AbortController().signal,
    secrets: () => readSecretsFile(folder),
    putSecrets: (text) => writeSecretsFile(folder, text),
    close: () => store.close(),
  };
}

async function natsPlace(address: string, { storeKey, nats }: PlaceOptions): Promise<Place> {
  if (storeKey === undefined) throw new Failure('key-file-needed');
  const [{ openNatsStore }, { Lease }] = await Promise.all([import('../../store/nats/open.js'), import('../lease.js')]);
  const store = await openNatsStore({ ...parseNatsAddress(address), ...nats });
  try {
    const end = new AbortController();
    const lease = await Lease.take({
      ...{ store, clock: systemClock, random: systemRandom, log: silentLogger },
      ...{ signal: end.signal, standBy: false },
      onLost: (why) => end.abort(why),
    });
    store.guardWrites(() => lease.assertHeld());
    return {
      store,
      signal: end.signal,
      secrets: () => readSharedSecrets(store, storeKey),
      putSecrets: (text) => shareSecrets(store, text, storeKey, systemRandom),
      async close() {
        await lease.release();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
