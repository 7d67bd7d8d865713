import type { Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import type { RememberedPath } from '../../transfer/transfer.js';
import { foldName } from '../../wire/names.js';
import type { Tables } from '../storage/tables.js';

/** Older than this it says nothing of the network any more. */
const MOST_AGE_MS = 24 * 3_600_000;
/** Paths kept for one person, the newest. */
const KEPT = 8;

export interface PathMemoryInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
}

/** What the paths to each person carried: the next transfer begins with a part of it. */
export class PathMemory {
  readonly #init: PathMemoryInit;

  constructor(init: PathMemoryInit) {
    this.#init = init;
  }

  /** @returns those that are not too old */
  async get(user: string): Promise<readonly RememberedPath[]> {
    const now = this.#init.clock.now();
    const row = await this.#init.tables.paths.get(foldName(user));
    return (row?.paths ?? []).filter(({ at }) => at <= now && now - at <= MOST_AGE_MS);
  }

  /** Takes the place of what was known of the same path; a rate of 0 forgets it. */
  async put(user: string, path: RememberedPath): Promise<void> {
    const { tables, disk, clock } = this.#init;
    const others = ((await tables.paths.get(foldName(user)))?.paths ?? []).filter(
      ({ from, to }) => from !== path.from || to !== path.to,
    );
    const own = path.rate > 0 ? [{ ...path, at: clock.now() }] : [];
    await disk.write([tables.paths.put([foldName(user)], { paths: [...own, ...others].slice(0, KEPT) })]);
  }
}
