import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Words with a unit, as people write them. Each gives undefined for what it can't read. */

const POWERS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};
const DELAYS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, '': 1 };

const NUMBER = String.raw`(\d{1,12}(?:\.\d{1,6})?)`;

/** `100MB`, `1.5 GiB`, `4096`: bytes. */
export function sizeOf(word: string): number | undefined {
  const [, digits, power] = new RegExp(`^${NUMBER} ?([kmgt]i?)?b?$`, 'i').exec(word) ?? [];
  return digits === undefined ? undefined : Math.round(Number(digits) * POWERS[(power ?? '').toLowerCase()]!);
}

/** `50MB/s`, `50MB`, `400Mbit/s`: bytes per second. */
export function rateOf(word: string): number | undefined {
  const plain = word.replace(/\/s$|ps$/i, '');
  const [, digits, power] = new RegExp(`^${NUMBER} ?([kmgt]i?)?bits?$`, 'i').exec(plain) ?? [];
  const rate = digits === undefined ? sizeOf(plain) : (Number(digits) * POWERS[(power ?? '').toLowerCase()]!) / 8;
  return rate === undefined || rate <= 0 ? undefined : Math.round(rate);
}

/** `1ms`, `500us`, `0.5s`; a bare number is milliseconds. */
export function delayOf(word: string): number | undefined {
  const [, digits, unit] = new RegExp(`^${NUMBER} ?(us|ms|s)?$`, 'i').exec(word) ?? [];
  const delay = digits === undefined ? undefined : Number(digits) * DELAYS[(unit ?? '').toLowerCase()]!;
  return delay === undefined || delay > 10_000 ? undefined : delay;
}

/** A path as it was meant where it was written. */
export const pathOf = (word: string): string =>
  resolve(word === '~' || word.startsWith('~/') ? join(homedir(), word.slice(1)) : word);
