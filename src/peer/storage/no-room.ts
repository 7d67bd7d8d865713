import { Failure } from '../../base/errors.js';

const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];

const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && NO_ROOM.includes(String(error.code));

/** Of what writes files by itself: a full disk as what it is. @param message that nothing has changed, in its own words */
export async function whereThereIsRoom<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    throw new Failure('disk-full', message, { hint: 'Free some space, or use another disk.', cause: error });
  }
}
