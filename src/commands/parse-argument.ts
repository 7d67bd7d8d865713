import { Failure } from '../base/errors.js';
import { foldName, isName } from '../wire/names.js';
import type { Parameter } from './parameter.js';
import { delayOf, pathOf, rateOf } from './parse-unit.js';

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

/** `#lobby` of `#lobby` or `lobby`, folded. */
function group(name: string, word: string): string {
  const bare = word.startsWith('#') ? word.slice(1) : word;
  if (!isName(bare)) throw wrong(name, 'that is not a group name', 'A name has letters, digits, _, - and . only.');
  return `#${foldName(bare)}`;
}

function number(name: string, word: string, whole: boolean): number {
  const value = /^\d{1,9}(\.\d{1,3})?$/.test(word) ? Number(word) : Number.NaN;
  if (whole ? Number.isInteger(value) && value > 0 : value >= 0) return value;
  throw wrong(name, 'that is not a number this can use', whole ? 'Give a number from 1.' : 'Give seconds, 0 or more.');
}

/** A day means its beginning, local time. */
function time(name: string, word: string): number {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(word);
  const value =
    day || /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})?$/.test(word)
      ? Date.parse(day ? `${word}T00:00` : word)
      : Number.NaN;
  if (!Number.isNaN(value)) return value;
  throw wrong(name, 'that is not a date', 'Write 2026-01-31 or 2026-01-31T18:00:00Z.');
}

function measured(name: string, value: number | undefined, example: string): number {
  if (value !== undefined) return value;
  throw wrong(name, 'that is not a value this can use', `Write ${example}, for example.`);
}

/** Between the paths of one argument: no path has it. */
export const PATH_SEPARATOR = '\0';

/** One argument given as text, as its handler gets it. @throws Failure usage `argument-invalid` */
export function convert(
  name: string,
  parameter: Parameter,
  word: string,
): string | number | boolean | readonly string[] {
  switch (parameter.type) {
    case 'user':
      return user(name, word);
    case 'group':
      return group(name, word);
    case 'conversation':
      return conversation(name, word);
    case 'count':
      return number(name, word, true);
    case 'seconds':
      return number(name, word, false);
    case 'time':
      return time(name, word);
    case 'rate':
      return measured(name, rateOf(word), '50MB/s');
    case 'delay':
      return measured(name, delayOf(word), '1ms');
    case 'path':
      return pathOf(word);
    case 'paths':
      return word.split(PATH_SEPARATOR).map(pathOf);
    case 'switch':
      return word === 'true';
    case 'choice':
      if (parameter.choices.includes(word)) return word;
      throw wrong(name, 'that is not one of the choices', `Choose one of: ${parameter.choices.join(', ')}.`);
    default:
      return word;
  }
}
