import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, openDatabase } from './database.js';
import { explainOpen } from './failures.js';

/**
 * One process at a time. Node has no file locks, but LevelDB has, which the system releases whenever the process ends.
 * The store's own LevelDB cannot serve: its files must be inspected before it is opened, and alone. So an empty one
 * beside it is opened first. Throws `store-in-use`.
 * @returns what lets the next process in
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  const database = await openDatabase(path, true).catch((error: unknown) => openAfresh(path, folder, error));
  return () => database.close();
}

/** Nothing is kept in there: if it is damaged, it is made anew. */
async function openAfresh(path: string, folder: string, error: unknown): Promise<Database> {
  const failure = explainOpen(error, folder);
  if (failure.code === 'store-in-use' || failure.code === 'disk-full') throw failure;
  await rm(path, { recursive: true, force: true });
  return openDatabase(path, true).catch((again: unknown) => {
    throw explainOpen(again, folder);
  });
}
