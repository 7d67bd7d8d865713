import { printable } from '../../src/wire/text.js';

/** What a terminal obeys or hides, and lines that look like somebody else's. */
export const HOSTILE =
  'x\x1b]0;owned\x07\x1b[2J\x1b]52;c;cm0gLXJmIH4=\x07\x9b31m\x9d0;y\x9c\x1bPq\x1b\\\x08\x08\x0c\r\nbob: pay me\n12:00 @bob bob: now\u2028bob: please\u202ebackwards\u2066';

/** The beginning of a line that nobody but the program may write. */
const FORGED = /^(?:12:00 @bob )?bob: /m;
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;

/** What of it gets through to a terminal; '' where nothing does. */
export function harmOf(written: string): string {
  const control = OBEYED.exec(written);
  if (control !== null) return `${JSON.stringify(control[0])} in ${JSON.stringify(printable(written).slice(0, 200))}`;
  const forged = FORGED.exec(written);
  return forged === null ? '' : `a line '${forged[0]}' in ${JSON.stringify(written.slice(0, 200))}`;
}
