import type { SpaceKind } from '../store.js';
import type { Database } from './database.js';
import { ids, spaceOf } from './ids.js';

/** The first and the last id that something of the kind could have in a space, and every space before it. */
const INTERVALS = {
  records: [ids.record('', ''), ids.record('\x7f', '')],
  logs: [ids.ends('', ''), ids.ends('\x7f', '')],
  blobs: [ids.blob('', ''), ids.blob('\x7f', '')],
} as const satisfies Record<SpaceKind, readonly [string, string]>;

/** Jumps from space to space: what lies in each is not read. */
export async function spacesOf(database: Database, kind: SpaceKind): Promise<string[]> {
  const spaces: string[] = [];
  let [from, to]: readonly [string, string] = INTERVALS[kind];
  for (;;) {
    const { entries } = await database.page({ from, to, limit: 1 });
    const id = entries[0]?.[0];
    if (id === undefined) return spaces;
    const space = spaceOf(id);
    spaces.push(space);
    from = `${id.slice(0, 2)}${space}\x01`;
  }
}
