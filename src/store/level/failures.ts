import { Failure } from '../../base/errors.js';
import { damaged, diskFull, failed, inUse, tooManyFiles, unreadable } from '../failures.js';

/** LevelDB reports errors of the system only as text of strerror(3). */
const NO_ROOM = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT|not enough space/i;

const NO_DESCRIPTOR = /Too many open files|EMFILE|ENFILE/i;

/** After these the store works again by itself when there is room; after any other failed write it does not. */
export const passes = (failure: Failure | undefined): boolean =>
  failure?.code === 'disk-full' || failure?.code === 'descriptors-exhausted';

export function explainWrite(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return explainShortage(error) ?? failed(error);
}

function explainShortage(error: unknown): Failure | undefined {
  if (NO_ROOM.test(textOf(error))) return diskFull(error);
  if (NO_DESCRIPTOR.test(textOf(error))) return tooManyFiles(error);
  return undefined;
}

export function explainRead(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (codeOf(error) === 'LEVEL_CORRUPTION') return damaged(textOf(error), error);
  return explainShortage(error) ?? unreadable(error);
}

export function explainOpen(error: unknown, folder: string): Failure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (codeOf(cause) === 'LEVEL_LOCKED') return inUse(folder);
  return explainRead(cause);
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
