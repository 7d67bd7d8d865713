import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PastedFiles } from '../src/tui/screen/pasted-text.js';

/** What nobody has fetched after so long is given up. */
const KEPT_MS = 30 * 86_400_000;
const WAY = 'way';

/** `pastes/…/paste.txt` in the profile's folder, readable by its owner alone; beside it, by what it goes. */
export function pastedFiles(home: string, now: () => number): PastedFiles {
  const folder = join(home, 'pastes');
  const each = (): string[] => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
  const remove = (path: string): void => rmSync(path, { recursive: true, force: true });
  const wayOf = (path: string): string => {
    try {
      return readFileSync(join(path, WAY), 'utf8');
    } catch {
      return '';
    }
  };
  return {
    write(text) {
      for (const path of each()) if (now() - statSync(path).mtimeMs > KEPT_MS) remove(path);
      const own = join(folder, randomBytes(8).toString('hex'));
      mkdirSync(own, { recursive: true, mode: 0o700 });
      const path = join(own, 'paste.txt');
      writeFileSync(path, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600, flag: 'wx' });
      return path;
    },
    goesBy: (path, id) => writeFileSync(join(dirname(path), WAY), id, { mode: 0o600 }),
    over(id) {
      for (const path of each()) if (wayOf(path) === id) remove(path);
    },
  };
}
