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
    rmSync(place, { recursive: true, force: true });
  }
}
