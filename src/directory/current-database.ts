import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

export async function writeCurrent(data: string, database: string): Promise<void> {
  const temporary = join(data, `.${FILE}`);
  await writeFile(temporary, `${database}\n`, { mode: 0o600 });
  await rename(temporary, join(data, FILE));
}
