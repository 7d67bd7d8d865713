import { sameBytes } from '../../base/bytes.js';
import { Failure, toFailure } from '../../base/errors.js';
import { readAct } from '../../crypto/acts.js';
import type { Trust } from '../../crypto/trust.js';
import type { Act } from '../../wire/acts.js';
import type { GroupEntry } from '../../wire/groups.js';
import type { NamedGroup } from './named-group.js';
import { type StoredEntry, storedEntryCodec } from './rows.js';

export interface TakingBack {
  readonly trust: Trust;
  /** As any act is taken. */
  act(group: NamedGroup, act: Act, encoded: Uint8Array): Promise<unknown>;
}

/** An entry of which this directory itself has said that it stands in the log. @throws Failure trust 'entry-forged' */
function proven(group: NamedGroup, { seq, proof, ...entry }: GroupEntry): StoredEntry {
  if (proof !== undefined && group.isProven(seq, storedEntryCodec.encode(entry), proof)) return entry;
  throw new Failure('entry-forged');
}

/**
 * Entries that a log lost when the store was set back, from a member who holds them. They go to the end in their order:
 * where nothing was written meanwhile they have their places again; else what still fits has others.
 */
export async function takeBack(
  group: NamedGroup,
  entries: readonly GroupEntry[],
  { trust, act }: TakingBack,
): Promise<void> {
  for (const given of entries) {
    const entry = proven(group, given);
    if (given.seq <= group.first || (await group.stands(given.seq, storedEntryCodec.encode(entry)))) continue;
    if (entry.kind === 'message') await group.putBack(entry);
    else if (group.diverged || !(await fits(group, entry, trust, act))) diverge(group, entry);
  }
}

/** What follows from it does not count any more either. */
function diverge(group: NamedGroup, entry: Exclude<StoredEntry, { kind: 'message' }>): void {
  group.diverged = true;
  if (entry.kind === 'commit') group.lostEpoch = Math.min(group.lostEpoch, entry.epoch + 1);
}

async function fits(
  group: NamedGroup,
  entry: Exclude<StoredEntry, { kind: 'message' }>,
  trust: Trust,
  take: TakingBack['act'],
): Promise<boolean> {
  if (entry.kind === 'commit') return group.putBack(entry);
  if (group.hasAct(entry.act)) return true;
  const act = readAct(entry.act, trust);
  if (act.statement.group !== undefined && !sameBytes(act.statement.previous, group.head)) return false;
  try {
    await take(group, act, entry.act);
    return true;
  } catch (error) {
    if (toFailure(error).reason === 'storage') throw error;
    return false;
  }
}
