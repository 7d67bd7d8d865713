import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Store } from '../../store/store.js';
import { copyBlob, copyLog, copyRecord, copyStore } from './copy.js';
import { type Inventory, inventoryOf } from './inventory.js';
import { openPlace } from './place.js';
import { isEmpty } from './spaces.js';
import { readStanding, unservable, writeStanding } from './standing.js';
import type { WatchedStore, Written } from './watched-store.js';
import { Writing } from './writing.js';

export interface BackupInit {
  readonly store: WatchedStore;
  readonly clock: Clock;
  /** As they stand in `authority.json`. */
  readonly secrets: string;
  /** Where the directory is, for whoever finds the backup. */
  readonly where: string;
  /** A folder: a new one, or that of an earlier backup, in which what has changed is written. */
  readonly to: string;
}

/** What is copied while writes wait must be little. */
const LITTLE = 128;
const MOST_ROUNDS = 6;

const never = new AbortController().signal;

/**
 * Copies a running directory, as it is at one moment, into a folder that holds an embedded store:
 *
 * 1. everything is copied while it changes, and copied once more, which compares each value with what was written;
 * 2. what was written meanwhile is copied after it, round by round, until it is little;
 * 3. that little is copied while writes wait: this is the moment whose state the backup has.
 *
 * Then the copy is read as a whole and every checksum compared; its hash stands in it, and is compared when it is put back.
 * @throws Failure usage 'store-not-empty', 'directory-running'; storage
 */
export async function backUp({ store, clock, secrets, where, to }: BackupInit): Promise<Inventory> {
  const place = await openPlace(`level:${to}`, {}, false);
  try {
    const standing = await readStanding(place.store);
    const theirs = await place.secrets();
    const mayGoOn = standing?.state === 'backup' || standing?.state === 'incomplete';
    if ((theirs !== undefined && theirs !== secrets) || !(mayGoOn || (await isEmpty(place.store))))
      throw new Failure('store-not-empty', undefined, { hint: 'Give a new folder, or that of an earlier backup.' });
    await writeStanding(place.store, { state: 'incomplete', where, at: clock.now() });
    if (theirs === undefined) await place.putSecrets(secrets);
    const at = await copyAsOfOneMoment(store, place.store, clock);
    const { problems } = await place.store.check();
    if (problems.length > 0) throw unservable({ state: 'incomplete', where, at }, problems[0]);
    const inventory = await inventoryOf(place.store);
    await writeStanding(place.store, { state: 'backup', where, at, hash: inventory.hash });
    return inventory;
  } finally {
    await place.close();
  }
}

/** @returns when that moment was */
async function copyAsOfOneMoment(store: WatchedStore, to: Store, clock: Clock): Promise<number> {
  const watch = store.watch();
  try {
    await copyStore(store.inner, to, never);
    // What was written so far is among what is compared now.
    watch.take();
    await copyStore(store.inner, to, never);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const written = watch.take();
      await copyWritten(written, store.inner, to);
      if (written.size <= LITTLE) break;
    }
    return await store.hold(async () => {
      await copyWritten(watch.take(), store.inner, to);
      return clock.now();
    });
  } finally {
    watch.end();
  }
}

async function copyWritten({ records, logs, blobs }: Written, from: Store, to: Store): Promise<void> {
  const writing = new Writing(never);
  for (const [space, keys] of records) {
    for (const key of keys) await writing.start(() => copyRecord(from.records(space), to.records(space), key));
  }
  for (const [space, names] of logs) {
    for (const [name, wasDeleted] of names) {
      await writing.start(() => copyLog(from.logs(space).log(name), to.logs(space).log(name), wasDeleted));
    }
  }
  for (const [space, keys] of blobs) {
    for (const key of keys) await writing.start(() => copyBlob(from.blobs(space), to.blobs(space), key, false));
  }
  await writing.done();
}
