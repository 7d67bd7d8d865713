import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hex, utf8 } from '../base/bytes.js';
import type { Logger } from '../base/log.js';
import { writeWholeFile } from '../base/whole-file.js';
import { sha256 } from '../crypto/hash.js';

/** What is remembered of a store outside of its folder: which start was the last. */
export interface Mark {
  read(): Promise<string | undefined>;
  write(run: string): Promise<void>;
}

const RUN = /^[0-9a-f]{32}$/;

/**
 * A small file for each store, in a folder that is not copied with it. It is a help, not a promise: where it can't be
 * written the directory runs without.
 */
export function markIn(folder: string, { store, log }: { store: string; log: Logger }): Mark {
  const path = join(folder, `${hex(sha256(utf8(resolve(store)))).slice(0, 32)}.run`);
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch(() => '');
      return RUN.test(text.trim()) ? text.trim() : undefined;
    },
    async write(run) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeWholeFile(path, `${run}\n`);
      } catch (error) {
        log.warn('no mark of this start could be left outside of the data folder', { error: String(error) });
      }
    },
  };
}
