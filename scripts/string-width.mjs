// In the place of the package of this name, which yargs brings to measure its help with: segmenting by Unicode's rules for
// emoji costs each command 30 ms before it has done anything, and help has none.
import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns of a text on a terminal. */
export default function stringWidth(text) {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of stripVTControlCharacters(text).normalize()) {
    if (/\P{C}/u.test(character) && !/\p{M}/u.test(character)) columns += eastAsianWidth(character.codePointAt(0));
  }
  return columns;
}
