import { Failure } from '../base/errors.js';
import type { HistoryWish } from '../peer/api/hand-over.js';

/** Spans of time as people write them. */

const UNITS = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** `30s`, `5m`, `1h`, `2d`, `1w`, also several together as `1d12h`: seconds; undefined for what is none. */
export function secondsOf(word: string): number | undefined {
  const parts = [...word.toLowerCase().matchAll(/(\d{1,9})([wdhms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== word.toLowerCase()) return undefined;
  const units = new Map<string, number>(UNITS);
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * units.get(unit!)!, 0);
}

const PLAIN = /^\d{1,9}(\.\d{1,3})?$/;

/** The same, and a bare number, which is seconds. */
export const secondsOrSpan = (word: string): number | undefined => (PLAIN.test(word) ? Number(word) : secondsOf(word));

const ENDLESS = /^(off|never|none|0)$/i;

/** The same, and `off` for 0. */
export const lifetimeOf = (word: string): number | undefined => (ENDLESS.test(word) ? 0 : secondsOrSpan(word));

/** `1d12h` of 129600. */
export function spanOf(seconds: number): string {
  let left = seconds;
  const parts = UNITS.map(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}

/** `all`, `none` or `90d`: what a device wants of the history that others keep. @throws Failure usage 'argument-invalid' */
export function historyWish(word: string): HistoryWish {
  const wanted = word.toLowerCase();
  if (wanted === 'all' || wanted === 'none') return { history: wanted };
  const seconds = secondsOf(wanted);
  if (seconds !== undefined) return { history: 'all', seconds };
  throw new Failure('argument-invalid', 'history: that is not something this can use.', {
    hint: 'Write all, none, or since when: 90d.',
  });
}
