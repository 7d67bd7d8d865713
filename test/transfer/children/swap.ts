import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** `swap FOLDER NAME OUTSIDE`: NAME in FOLDER is by turns a folder and a link to OUTSIDE, until it is killed. */

const [folder, name, outside] = process.argv.slice(2) as [string, string, string];
const [place, aside] = [join(folder, name), join(folder, `${name}-aside`)];
console.log('ready');
for (;;) {
  try {
    renameSync(place, aside);
    symlinkSync(outside, place);
    rmSync(place);
    renameSync(aside, place);
  } catch {
    // Whoever writes has made the folder anew meanwhile.
    remove(place);
  }
}

/** It may be filled again while it is being emptied: then the next round finds it. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
  }
}
