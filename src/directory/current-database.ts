import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../base/whole-file.js';

const FILE = 'current';

/** The database that was open last: a restart serves what was served before. */
export async function readCurrent(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, FILE), 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const writeCurrent = (data: string, database: string): Promise<void> =>
  writeWholeFile(join(data, FILE), `${database}\n`);
