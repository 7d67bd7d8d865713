import { type Random, randomBelow } from '../../src/base/random.js';
import { HOSTILE } from '../support/hostile-text.js';

/** Values by chance, and values that are nearly others. All of it replays from the seed. */

export const pick = <T>(random: Random, among: readonly T[]): T => among[randomBelow(random, among.length)]!;

export const oneIn = (random: Random, times: number): boolean => randomBelow(random, times) === 0;

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

const NUMBERS = [0, 1, 2, 255, 65_536, 2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER, -1, 0.5];
const TEXTS = [
  '',
  'x',
  HOSTILE,
  'alice',
  'bob',
  '../../etc/passwd',
  '#lobby',
  '__proto__',
  'a'.repeat(5_000),
  '\u{1f600}'.repeat(300),
];

/** The value with some of what is in it exchanged; of the same form, mostly. @param odds one in so many is exchanged */
export function altered(value: unknown, random: Random, odds = 4): unknown {
  if (value instanceof Uint8Array) return oneIn(random, odds) ? bytesLike(value, random) : value;
  if (Array.isArray(value)) {
    const items = value.map((item) => altered(item, random, odds));
    if (!oneIn(random, odds)) return items;
    return pick(random, [[], items.slice(1), [...items, ...items], [...items].reverse()]);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(() => !oneIn(random, odds * 8));
    return Object.fromEntries(entries.map(([name, item]) => [name, altered(item, random, odds)]));
  }
  if (!oneIn(random, odds)) return value;
  if (typeof value === 'number') return pick(random, NUMBERS);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return pick(random, TEXTS);
  return value;
}

function bytesLike(value: Uint8Array, random: Random): Uint8Array {
  const other = value.slice();
  if (other.length > 0) other[randomBelow(random, other.length)]! ^= 1 << randomBelow(random, 8);
  return pick(random, [other, random.bytes(value.length), value.subarray(1), new Uint8Array(0)]);
}

/** Each text in it is the worst there is. */
export function worded(value: unknown): unknown {
  if (typeof value === 'string') return HOSTILE;
  if (Array.isArray(value)) return value.map(worded);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, worded(item)]));
}
