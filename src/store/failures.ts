import { type Details, Failure } from '../base/errors.js';

export const exists = (key: string, details: Details = {}): Failure =>
  new Failure('storage', 'store-exists', `'${key}' is already there.`, {
    hint: 'Read it and replace it by its revision.',
    details: { key, ...details },
  });

export const conflict = (what: string, details: Details): Failure =>
  new Failure('storage', 'store-conflict', `${what} was changed by someone else.`, {
    hint: 'Read it again and repeat the change.',
    details,
  });

export const badName = (what: string, name: string): Failure =>
  new Failure('internal', 'store-key', `${JSON.stringify(name)} cannot be used as ${what}.`, {
    hint: 'This is a fault of the program: names from outside must go through path() first.',
  });

export const tooLarge = (size: number, limit: number): Failure =>
  new Failure('limit', 'store-value-size', `A value of ${size} bytes is too large: the limit is ${limit}.`, {
    hint: 'Store it as a blob, or in parts.',
    details: { size, limit },
  });

export const overQuota = (limit: number): Failure =>
  new Failure('limit', 'store-quota', `This exceeds the ${limit} bytes allowed.`, {
    hint: 'Delete something, or ask for a larger quota.',
    details: { limit },
  });

export const closed = (): Failure =>
  new Failure('storage', 'store-closed', 'The store is closed.', { hint: 'Open it again.' });

export const damaged = (what: string, cause?: unknown): Failure =>
  new Failure('storage', 'store-damaged', `The store is damaged: ${what}.`, {
    hint: 'Restore the latest backup into a new folder; the damaged one is left as it is.',
    cause,
  });

export const newer = (found: number, known: number): Failure =>
  new Failure('storage', 'store-newer', `The store has format ${found}; this program knows formats up to ${known}.`, {
    hint: 'Use the newer program that wrote it, or restore a backup made before the upgrade.',
    details: { found, known },
  });

export const inUse = (folder: string): Failure =>
  new Failure('storage', 'store-in-use', `Another process is using ${folder}.`, {
    hint: 'End the other p2pchat on this profile, or use another one (P2PCHAT_HOME).',
    details: { folder },
  });

export const diskFull = (cause?: unknown): Failure =>
  new Failure('storage', 'disk-full', 'There is no room left on the disk: nothing was stored.', {
    hint: 'Free some space; the next attempt goes on by itself.',
    cause,
  });

export const tooManyFiles = (cause?: unknown): Failure =>
  new Failure('limit', 'too-many-files', 'The process has too many files and connections open: nothing was stored.', {
    hint: 'Try again in a moment; if this persists, raise the limit of open files (ulimit -n).',
    cause,
  });

export const failed = (cause: unknown): Failure =>
  new Failure('storage', 'store-failed', `Writing to the disk failed: ${reasonOf(cause)}. Nothing more is written.`, {
    hint: 'Check the disk and the system log, then start the program again.',
    cause,
  });

export const unreadable = (cause: unknown): Failure =>
  new Failure('storage', 'store-unreadable', `Reading from the disk failed: ${reasonOf(cause)}.`, {
    hint: 'Check the disk, the permissions of the folder and the system log, then try again.',
    cause,
  });

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
