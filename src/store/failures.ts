import { type Details, Failure } from '../base/errors.js';

export const exists = (key: string, details: Details = {}): Failure =>
  new Failure('store-exists', `'${key}' is already there.`, { details: { key, ...details } });

export const conflict = (what: string, details: Details): Failure =>
  new Failure('store-conflict', `${what} was changed by someone else.`, { details });

export const badName = (what: string, name: string): Failure =>
  new Failure('store-key', `${JSON.stringify(name)} cannot be used as ${what}.`);

export const tooLarge = (size: number, limit: number): Failure =>
  new Failure('store-value-size', `A value of ${size} bytes is too large: the limit is ${limit}.`, {
    details: { size, limit },
  });

export const overQuota = (limit: number): Failure =>
  new Failure('store-quota', `This exceeds the ${limit} bytes allowed.`, { details: { limit } });

export const closed = (): Failure => new Failure('store-closed');

export const damaged = (what: string, cause?: unknown): Failure =>
  new Failure('store-damaged', `The store is damaged: ${what}.`, {
    hint: 'Restore the latest backup into a new folder; the damaged one is left as it is.',
    cause,
  });

export const newer = (found: number, known: number): Failure =>
  new Failure('store-newer', `The store has format ${found}; this program knows formats up to ${known}.`, {
    details: { found, known },
  });

export const inUse = (folder: string): Failure =>
  new Failure('store-in-use', `Another process is using ${folder}.`, { details: { folder } });

export const diskFull = (cause?: unknown): Failure =>
  new Failure('disk-full', 'There is no room left on the disk: nothing was stored.', {
    hint: 'Free some space; the next attempt goes on by itself.',
    cause,
  });

export const tooManyFiles = (cause?: unknown): Failure =>
  new Failure('descriptors-exhausted', 'The process has too many files and connections open: nothing was stored.', {
    hint: 'Try again in a moment; if this persists, raise the limit of open files (ulimit -n).',
    cause,
  });

export const failed = (cause: unknown): Failure =>
  new Failure('store-failed', `Writing to the disk failed: ${reasonOf(cause)}. Nothing more is written.`, { cause });

export const unreadable = (cause: unknown): Failure =>
  new Failure('store-unreadable', `Reading from the disk failed: ${reasonOf(cause)}.`, { cause });

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
