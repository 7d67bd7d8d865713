import { systemClock } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import type { CheckReport } from '../../store/local.js';
import { copyStore } from './copy.js';
import { assertSame, type Inventory, inventoryOf } from './inventory.js';
import { openPlace, type Place, type PlaceOptions } from './place.js';
import { isEmpty } from './spaces.js';
import { clearStanding, readStanding, type Standing, unservable, writeStanding } from './standing.js';

export interface MoveOptions extends PlaceOptions {
  /** `level:DIR`, the data folder, or `nats://…`. */
  readonly from: string;
  readonly to: string;
}

/**
 * Moves a stopped directory from one store to another, on from where an earlier run stopped:
 *
 * 1. the target is marked as incomplete: nobody can serve from it;
 * 2. everything is copied, and both are read and compared by count and hash;
 * 3. the source is marked as moved: it stays as it was, and nobody serves from it by accident;
 * 4. the target's mark is taken away.
 *
 * @throws Failure usage 'store-not-empty', 'directory-running', 'directory-none'; storage 'store-moved', 'copy-differs'
 */
export async function migrate({ from, to, ...options }: MoveOptions): Promise<Inventory> {
  return between(from, to, options, async (source, target) => {
    const standing = await readStanding(source.store);
    const wasHere = await readStanding(target.store);
    // Broken off between the third step and the fourth.
    const isAgain = standing?.state === 'moved' && wasHere?.state === 'incomplete';
    if (standing !== undefined && !isAgain) throw unservable(standing);
    const inventory = await copyOver(source, target, wasHere, from);
    await writeStanding(source.store, { state: 'moved', where: to, at: systemClock.now() });
    await clearStanding(target.store);
    return inventory;
  });
}

export interface RestoreOptions extends PlaceOptions {
  /** The folder of a backup, or a copy of a data folder. */
  readonly from: string;
  readonly to: string;
}

/**
 * Puts a backup into an empty store; the next start begins a new life there (incarnation.ts).
 * @throws Failure usage 'store-not-empty', 'directory-running', 'directory-none'; storage 'copy-differs'
 */
export async function restore({ from, to, ...options }: RestoreOptions): Promise<Inventory & { readonly at?: number }> {
  return between(`level:${from}`, to, options, async (source, target) => {
    const standing = await readStanding(source.store);
    if (standing !== undefined && standing.state !== 'backup') throw unservable(standing);
    const inventory = await copyOver(source, target, await readStanding(target.store), from);
    if (standing?.hash !== undefined && standing.hash !== inventory.hash) throw new Failure('backup-changed');
    await writeStanding(target.store, { state: 'restored', where: from, at: systemClock.now() });
    return { ...inventory, ...(standing !== undefined && { at: standing.at }) };
  });
}

/** Reads everything a stopped directory keeps, and compares its checksums. Nothing is changed. */
export async function check(place: string, options: PlaceOptions): Promise<CheckReport> {
  try {
    const { store, close } = await openPlace(place, options, true);
    try {
      return await store.check();
    } finally {
      await close();
    }
  } catch (error) {
    // The embedded store finds some of it before it opens.
    if (!hasCode(error, 'store-damaged')) throw error;
    return { records: 0, entries: 0, blobs: 0, bytes: 0, problems: [error.message] };
  }
}

async function between<T>(
  from: string,
  to: string,
  options: PlaceOptions,
  work: (source: Place, target: Place) => Promise<T>,
): Promise<T> {
  const source = await openPlace(from, options, true);
  try {
    const target = await openPlace(to, options, false);
    try {
      return await work(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Lets the target hold what the source holds, secrets included; it stays marked as incomplete. */
async function copyOver(source: Place, target: Place, wasHere: Standing | undefined, from: string): Promise<Inventory> {
  const secrets = await source.secrets();
  if (secrets === undefined) throw new Failure('directory-none', `There is no directory at ${from}.`);
  const theirs = await target.secrets();
  await assertMayTake(target, wasHere, theirs === undefined || theirs === secrets);
  await writeStanding(target.store, { state: 'incomplete', where: from, at: systemClock.now() });
  if (theirs === undefined) await target.putSecrets(secrets);
  await copyStore(source.store, target.store, AbortSignal.any([source.signal, target.signal]));
  const inventory = await inventoryOf(target.store);
  assertSame(await inventoryOf(source.store), inventory);
  return inventory;
}

/** Nothing may be there but an earlier, broken off copy, or what this same directory left when it moved away. */
async function assertMayTake(target: Place, wasHere: Standing | undefined, isOurs: boolean): Promise<void> {
  const mayGoOn = wasHere?.state === 'incomplete' || wasHere?.state === 'moved';
  if (!isOurs || !(mayGoOn || (await isEmpty(target.store)))) throw new Failure('store-not-empty');
}
