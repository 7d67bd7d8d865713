import { Failure } from '../../base/errors.js';
import { damaged, diskFull, failed, inUse } from '../failures.js';

/** LevelDB reports errors of the system only as text of strerror(3). */
const NO_ROOM = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT|not enough space/i;

export function explainWrite(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return NO_ROOM.test(textOf(error)) ? diskFull(error) : failed(error);
}

export function explainRead(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return codeOf(error) === 'LEVEL_CORRUPTION' ? damaged(textOf(error), error) : failed(error);
}

export function explainOpen(error: unknown, folder: string): Failure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (codeOf(cause) === 'LEVEL_LOCKED') return inUse(folder);
  if (NO_ROOM.test(textOf(cause))) return diskFull(cause);
  return explainRead(cause);
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
