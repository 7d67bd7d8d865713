import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Small files that are whole or not there, also after a crash: written beside their place, and put there from the disk. */

let written = 0;

/** Makes created, renamed and deleted names of a folder durable. Windows has no such thing and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** In place of what is there. @throws what the file system says; what was there is there still, then */
export function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  return placed(path, content, (temporary) => rename(temporary, path));
}

/** @returns whether it was written: what is there stays. @throws what the file system says */
export async function createWholeFile(path: string, content: string | Uint8Array): Promise<boolean> {
  try {
    await placed(path, content, (temporary) => link(temporary, path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** For this user alone to read. Another program that writes the same file has another name for it until then. */
async function placed(
  path: string,
  content: string | Uint8Array,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${process.pid}-${++written}.new`;
  try {
    await filled(await open(temporary, 'w', 0o600), content);
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

async function filled(file: FileHandle, content: string | Uint8Array): Promise<void> {
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
