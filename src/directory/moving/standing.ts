import * as v from 'valibot';
import { Failure } from '../../base/errors.js';
import type { Store } from '../../store/store.js';
import { codec, text, time } from '../../wire/schema.js';

/** What stands in a store that is not, or not yet, the one a directory is served from. */
export const MOVING_SPACE = 'moving';
const KEY = 'standing';

const standingCodec = codec(
  v.object({
    /**
     * incomplete: it is being copied from `where`. moved: the directory went to `where`. backup: it was copied from
     * `where`. restored: it was put back from `where`, and the first start has to say so.
     */
    state: v.picklist(['incomplete', 'moved', 'backup', 'restored']),
    at: time(),
    where: text(1024),
    /** Of a backup: what its inventory has to have. */
    hash: v.optional(text(64)),
  }),
  4096,
);
export type Standing = ReturnType<typeof standingCodec.decode>;

export async function readStanding(store: Store): Promise<Standing | undefined> {
  const row = await store.records(MOVING_SPACE).get(KEY);
  return row && standingCodec.decode(row.value);
}

export async function writeStanding(store: Store, standing: Standing): Promise<void> {
  const where = standing.where.slice(0, 1024);
  await store.records(MOVING_SPACE).put(KEY, standingCodec.encode({ ...standing, where }));
}

/** It is what the directory is served from. */
export const clearStanding = (store: Store): Promise<void> => store.records(MOVING_SPACE).delete(KEY);

/**
 * Before a directory is served from the store. Where its operator says that it was put back, the copy counts.
 * @returns whether it was put back from a copy
 * @throws Failure storage 'store-incomplete', 'store-moved', 'store-backup'
 */
export async function assertServable(store: Store, restored: boolean): Promise<boolean> {
  const standing = await readStanding(store);
  if (standing === undefined) return restored;
  if (standing.state === 'incomplete' || (standing.state !== 'restored' && !restored)) throw unservable(standing);
  return true;
}

export function unservable({ state, where }: Standing, problem?: string): Failure {
  const said = { details: { where, ...(problem !== undefined && { problem }) } };
  if (state === 'incomplete')
    return new Failure('store-incomplete', `The directory is being copied here from ${where}.`, said);
  if (state === 'moved') return new Failure('store-moved', `The directory was moved from here to ${where}.`, said);
  if (state === 'restored') {
    const hint = 'Start it once, so that its devices hand in what it lacks, and stop it again.';
    return new Failure('store-backup', `It was put back from ${where}, and not started since.`, { ...said, hint });
  }
  return new Failure('store-backup', `This is a backup of ${where}.`, said);
}
