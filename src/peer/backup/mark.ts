import type { Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import type { Tables } from '../storage/tables.js';

const MARK = 'mark';

/** The revision of a row that is written now: everything acknowledged before has a lower one, what is written later a higher. */
export async function markNow({
  tables,
  disk,
  clock,
}: {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
}): Promise<number> {
  const row = { revision: 0, tail: new Uint8Array(32), at: clock.now() };
  return (await disk.write([tables.backups.put([MARK], row)]))[0]!;
}
