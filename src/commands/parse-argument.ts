import { Failure } from '../base/errors.js';
import { foldName, isName } from '../wire/names.js';
import { lifetimeOf, secondsOrSpan } from './duration.js';
import { momentOf } from './moment.js';
import type { Parameter } from './parameter.js';
import { delayOf, pathOf, rateOf, sizeOf } from './parse-unit.js';

const wrong = (name: string, says: string, hint: string): Failure =>
  new Failure('argument-invalid', `${name}: ${says}`, { hint });

/** `bob` of `@bob` or `bob`, folded. */
function user(name: string, word: string): string {
  const bare = word.startsWith('@') ? word.slice(1) : word;
  if (!isName(bare)) throw wrong(name, 'that is not a user name', 'A name has letters, digits, _, - and . only.');
  return foldName(bare);
}

function conversation(name: string, word: string): string {
  if (!word.startsWith('#')) return `@${user(name, word)}`;
  return group(name, word);
}

/** One of several names in a list. @throws Failure usage `argument-invalid` */
export const userOf = (word: string): string => user('users', word);

/** `#lobby` of `#lobby` or `lobby`, folded. */
function group(name: string, word: string): string {
  const bare = word.startsWith('#') ? word.slice(1) : word;
  if (!isName(bare)) throw wrong(name, 'that is not a group name', 'A name has letters, digits, _, - and . only.');
  return `#${foldName(bare)}`;
}

function count(name: string, word: string): number {
  const value = /^\d{1,9}$/.test(word) ? Number(word) : 0;
  if (value > 0) return value;
  throw wrong(name, 'that is not a number this can use', 'Give a number from 1.');
}

function measured(name: string, value: number | undefined, example: string): number {
  if (value !== undefined) return value;
  throw wrong(name, 'that is not a value this can use', `Write ${example}.`);
}

/** Between the paths of one argument: no path has it. */
export const PATH_SEPARATOR = '\0';

/** One argument given as text, as its handler gets it. @throws Failure usage `argument-invalid` */
export function convert(
  name: string,
  parameter: Parameter,
  word: string,
  now = Date.now(),
): string | number | boolean | readonly string[] {
  switch (parameter.type) {
    case 'user':
      return user(name, word);
    case 'group':
      return group(name, word);
    case 'conversation':
      return conversation(name, word);
    case 'count':
      return count(name, word);
    case 'seconds':
      return measured(name, secondsOrSpan(word), '30s, 5m, 1h or 7d; a bare number is seconds');
    case 'lifetime':
      return measured(name, lifetimeOf(word), '30s, 5m, 1h, 7d or off');
    case 'time':
      return measured(
        name,
        momentOf(word, now),
        '2026-01-31, "2026-01-31 18:00", yesterday, 14:30, or 7d for so long ago',
      );
    case 'size':
      return measured(name, word.toLowerCase() === 'none' ? 0 : sizeOf(word), '100MB, 2GiB or none');
    case 'rate':
      return measured(name, rateOf(word), '50MB/s, for example');
    case 'delay':
      return measured(name, delayOf(word), '1ms, for example');
    case 'path':
      return pathOf(word);
    case 'paths':
      return word.split(PATH_SEPARATOR).map(pathOf);
    case 'switch':
      return word === 'true';
    case 'choice':
      if (parameter.choices.includes(word)) return word;
      throw wrong(name, 'that is not one of the choices', `Choose one of: ${parameter.choices.join(', ')}.`);
    case 'text':
    case 'words':
      // As everybody else writes it, whatever keyboard or clipboard it came from.
      return word.normalize('NFC');
    default:
      return word;
  }
}
