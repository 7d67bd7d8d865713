import { open } from 'node:fs/promises';
import type { Failure } from '../../base/errors.js';
import type { Source } from '../../transfer/transfer.js';

export type SourceFile = Source['files'][number];

/**
 * A file from its beginning, piece by piece, as long as it looks as it did.
 * @param room where the next piece goes
 * @param changed what is thrown where it looks otherwise
 */
export async function* piecesOf(
  file: SourceFile,
  room: () => Uint8Array,
  changed: (cause?: unknown) => Failure,
): AsyncGenerator<Uint8Array> {
  const handle = await open(file.path, 'r').catch((cause: unknown) => {
    throw changed(cause);
  });
  const judge = async (): Promise<void> => {
    const { size, mtimeMs } = await handle.stat();
    if (size !== file.size || mtimeMs !== file.mtimeMs) throw changed();
  };
  try {
    await judge();
    for (let at = 0; at < file.size; ) {
      const into = room();
      const { bytesRead } = await handle.read(into, 0, Math.min(into.length, file.size - at), at);
      if (bytesRead === 0) throw changed();
      at += bytesRead;
      yield into.subarray(0, bytesRead);
    }
    await judge();
  } finally {
    await handle.close();
  }
}
