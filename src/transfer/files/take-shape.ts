import { fchmodSync, fstatSync, futimesSync } from 'node:fs';
import type { Shape } from '../../wire/transfer-shape.js';
import type { Folder } from './folder.js';
import { safeParts } from './safe-name.js';

interface Arrived {
  /** Where they are until they get their place. */
  readonly tree: Folder;
  readonly count: number;
  fdOf(file: number): number;
}

/** What who may read a file may do besides. */
const READ = 0o444;
const PLAIN = 0o666;

/** Files as they were at the sender, as far as that is safe: nobody may execute what they may not read. */
export function takeShape({ times, executable, folders }: Shape, { tree, count, fdOf }: Arrived): void {
  for (const file of executable) {
    if (file >= count) continue;
    const fd = fdOf(file);
    const { mode } = fstatSync(fd);
    fchmodSync(fd, (mode & PLAIN) | ((mode & READ) >> 2));
  }
  const now = Date.now() / 1_000;
  for (const [file, at] of times.slice(0, count).entries()) futimesSync(fdOf(file), now, at / 1_000);
  for (const path of folders) {
    try {
      makeFolders(tree, safeParts(path, true));
    } catch {
      // Where a file has that name, or the name is none.
    }
  }
}

function makeFolders(root: Folder, [part, ...rest]: readonly string[]): void {
  if (part === undefined) return;
  const folder = root.child(part, true);
  try {
    makeFolders(folder, rest);
  } finally {
    folder.close();
  }
}
