import { secondsOf } from './duration.js';

/** Points in time as people write them, in local time. */

const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?))?$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const DAY = /^(today|yesterday)(?: (\S+))?$/;
const EPOCH_MS = /^\d{12,14}$/;

function dayStart(now: number, daysAgo: number): Date {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day;
}

function onDay(day: Date, clock: string): number | undefined {
  const [, hours, minutes] = CLOCK.exec(clock) ?? [];
  return hours === undefined ? undefined : new Date(day).setHours(Number(hours), Number(minutes));
}

/** The last time it was so late. */
function lastAt(now: number, clock: string): number | undefined {
  const today = onDay(dayStart(now, 0), clock);
  return today !== undefined && today > now ? onDay(dayStart(now, 1), clock) : today;
}

function ofDate(word: string): number | undefined {
  const [, day, clock] = DATE.exec(word) ?? [];
  const value = day === undefined ? Number.NaN : Date.parse(`${day}T${clock ?? '00:00'}`);
  return Number.isNaN(value) ? undefined : value;
}

/**
 * `2026-01-31`, `2026-01-31 18:00`, `yesterday`, `yesterday 14:30`, `14:30` (the last one), `7d` (so long ago): milliseconds
 * since 1970, which it takes, too; a day means its beginning. Undefined for what it can't read.
 */
export function momentOf(given: string, now: number): number | undefined {
  const word = given.trim();
  if (EPOCH_MS.test(word)) return Number(word);
  const folded = word.toLowerCase();
  if (folded === 'now') return now;
  const [, day, clock] = DAY.exec(folded) ?? [];
  if (day !== undefined) {
    const start = dayStart(now, day === 'yesterday' ? 1 : 0);
    return clock === undefined ? start.getTime() : onDay(start, clock);
  }
  const ago = secondsOf(folded);
  if (ago !== undefined) return now - ago * 1_000;
  return lastAt(now, folded) ?? ofDate(word);
}
