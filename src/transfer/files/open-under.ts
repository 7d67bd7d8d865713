import { constants } from 'node:fs';
import type { Folder } from './folder.js';

/** A file some folders below one, each of which is made where it may be. */
export function openUnder(root: Folder, parts: readonly string[], flags: number): number {
  const opened: Folder[] = [];
  try {
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      folder = folder.child(part, (flags & constants.O_CREAT) !== 0);
      opened.push(folder);
    }
    return folder.openFile(parts.at(-1)!, flags);
  } finally {
    for (const folder of opened) folder.close();
  }
}
