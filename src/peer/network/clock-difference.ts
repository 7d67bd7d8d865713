import { timestamp } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS = [
  ['days', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', SECOND],
] as const;

/** In the largest unit of which it is two or more. */
function roughly(ms: number): string {
  const [unit, length] = UNITS.find(([, one]) => ms >= 2 * one) ?? ['s', SECOND];
  return `${Math.round(ms / length)} ${unit}`;
}

/** @param off ms that this machine is ahead of the directory; negative where it is behind */
export function clockDiffers(off: number, now: number, atLeast = false): Failure {
  const way = off < 0 ? 'behind' : 'ahead of';
  const message = `The clock of this machine (${timestamp(now)}) is ${atLeast ? 'at least ' : ''}${roughly(Math.abs(off))} ${way} the directory's.`;
  return new Failure('clock-differs', message, { details: { seconds_off: Math.round(off / SECOND) } });
}

/** Where the clocks are too far apart for certificates to be judged. @param there the directory's clock */
export function clockTrouble(now: number, there: number): Failure | undefined {
  const off = now - there;
  return Math.abs(off) > CLOCK_SKEW_MS ? clockDiffers(off, now) : undefined;
}
