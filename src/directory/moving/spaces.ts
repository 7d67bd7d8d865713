import type { SpaceKind, Store } from '../../store/store.js';
import { SHARED_SECRETS_SPACE } from '../authority/sealed-secrets.js';
import { LEASE_SPACE } from '../lease.js';
import { MOVING_SPACE } from './standing.js';

/** What belongs to the place and not to the directory that is kept there. */
const OF_THE_PLACE: ReadonlySet<string> = new Set([SHARED_SECRETS_SPACE, LEASE_SPACE, MOVING_SPACE]);

/** The spaces of which at least one of the stores has something, in order. */
export async function copiedSpaces(kind: SpaceKind, ...stores: readonly Store[]): Promise<string[]> {
  const names = (await Promise.all(stores.map((store) => store.spaces(kind)))).flat();
  return [...new Set(names)].filter((name) => !OF_THE_PLACE.has(name)).sort();
}

const KINDS: readonly SpaceKind[] = ['records', 'logs', 'blobs'];

export async function isEmpty(store: Store): Promise<boolean> {
  for (const kind of KINDS) if ((await copiedSpaces(kind, store)).length > 0) return false;
  return true;
}
