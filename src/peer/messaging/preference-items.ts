import { PREFERENCES_ITEMS } from '../../wire/limits.js';
import type { SharedPreference } from '../../wire/preferences.js';
import type { PreferencesRow } from '../storage/tables.js';

/**
 * Preferences as items that devices can put together: each has a name, a value and a count of its changes. The higher count
 * wins; with the same count, changed on two devices at once, the quieter value does. So the order in which devices hear of
 * each other makes no difference, and no clock is asked.
 */

const SWITCHES = ['readReceipts', 'typing'] as const;
const LISTS = ['muted', 'blocked'] as const;

const isSwitch = (name: string): name is (typeof SWITCHES)[number] => (SWITCHES as readonly string[]).includes(name);

/** What it is where nobody has said anything, and the louder of its two values. */
const isLoud = (name: string, on: boolean): boolean => on === isSwitch(name);

function valuesOf(row: PreferencesRow): Map<string, boolean> {
  const values = new Map<string, boolean>((row.counts ?? []).map(({ name }) => [name, false]));
  for (const name of SWITCHES) values.set(name, row[name]);
  for (const kind of LISTS) for (const one of row[kind]) values.set(`${kind}:${one}`, true);
  return values;
}

const countsOf = ({ counts = [] }: PreferencesRow): Map<string, number> =>
  new Map(counts.map(({ name, count }) => [name, count]));

/** What was said before changes were counted counts as one. */
function itemsOf(row: PreferencesRow): SharedPreference[] {
  const counts = countsOf(row);
  return [...valuesOf(row)]
    .map(([name, on]) => ({ name, on, count: counts.get(name) ?? Number(!isLoud(name, on)) }))
    .filter(({ count }) => count > 0);
}

/** For other devices; where there are too many, what says something before what is as if nobody had said anything. */
export const sharedOf = (row: PreferencesRow): SharedPreference[] =>
  itemsOf(row)
    .sort(
      (one, other) => Number(isLoud(one.name, one.on)) - Number(isLoud(other.name, other.on)) || compare(one, other),
    )
    .slice(0, PREFERENCES_ITEMS);

const compare = (one: SharedPreference, other: SharedPreference): number => (one.name < other.name ? -1 : 1);

/** `after`, with what is another way in it than `before` counted. */
export function withCounts(before: PreferencesRow, after: PreferencesRow): PreferencesRow {
  const [was, is, counts] = [valuesOf(before), valuesOf(after), new Map<string, number>()];
  for (const { name, count } of itemsOf(before)) counts.set(name, count);
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    if ((was.get(name) ?? false) !== (is.get(name) ?? false)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return { ...after, counts: [...counts].map(([name, count]) => ({ name, count })) };
}

/** The row with what is newer in theirs; the same row where nothing is. */
export function merged(row: PreferencesRow, theirs: readonly SharedPreference[]): PreferencesRow {
  const items = new Map(itemsOf(row).map((item) => [item.name, item]));
  const newer = theirs.filter((item) => isPreference(item.name) && isNewer(item, items.get(item.name)));
  if (newer.length === 0) return row;
  for (const item of newer) items.set(item.name, item);
  const all = [...items.values()];
  const listed = (kind: string): string[] =>
    all.flatMap(({ name, on }) => (on && name.startsWith(`${kind}:`) ? [name.slice(kind.length + 1)] : []));
  const value = (name: (typeof SWITCHES)[number]): boolean => items.get(name)?.on ?? row[name];
  return {
    ...row,
    readReceipts: value('readReceipts'),
    typing: value('typing'),
    muted: listed('muted'),
    blocked: listed('blocked'),
    counts: all.map(({ name, count }) => ({ name, count })),
  };
}

/** Whether this program knows what it is. */
export const isPreference = (name: string): boolean =>
  isSwitch(name) || LISTS.some((kind) => name.startsWith(`${kind}:`));

function isNewer(theirs: SharedPreference, ours: SharedPreference | undefined): boolean {
  if (ours === undefined || theirs.count !== ours.count) return theirs.count > (ours?.count ?? 0);
  return theirs.on !== ours.on && isLoud(ours.name, ours.on);
}
