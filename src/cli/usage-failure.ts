import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import { commands } from '../commands/commands.js';
import { commandUnknown } from '../commands/lookup.js';
import { shellWord } from '../commands/shell-word.js';
import { PROGRAMS } from './programs.js';

/** What yargs makes of a wrong line, in words of our own: what is wrong, and how it is written. */

const NAMES = [...PROGRAMS, ...commands.filter(({ shell }) => shell).map(({ name }) => name)];

/** Commands in one word which are not of the table. */
const OTHERS = [...PROGRAMS.filter((name) => !name.includes(' ')), 'completion'];

/** Those in two words, by the first. */
const GROUPED = new Map<string, string[]>();
for (const name of NAMES) {
  const [first = '', second] = name.split(' ');
  if (second !== undefined) GROUPED.set(first, [...(GROUPED.get(first) ?? []), second]);
}

const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';

/** The words that say which command: those before the first option or argument. */
function commandWords(words: readonly string[]): string[] {
  const end = words.findIndex(isOption);
  return words.slice(0, end < 0 ? words.length : end);
}

/** A command that isn't there, or the half of one. */
function unknownCommand(words: readonly string[]): Failure {
  const [first = '', second] = commandWords(words);
  const names = GROUPED.get(first);
  if (names === undefined) return commandUnknown(commands, 'shell', first, [...OTHERS, ...GROUPED.keys()]);
  if (second === undefined) return new Failure('usage', `Say what: p2pchat ${first} ${names.join('|')}`);
  const near = closestMatch(second, names);
  return new Failure('command-unknown', 'There is no such command.', {
    hint: near === undefined ? `There are: ${first} ${names.join('|')}.` : `Did you mean '${first} ${near}'?`,
    ...(near !== undefined && { details: { nearest: `${first} ${near}` } }),
  });
}

/** `--wiat`: what was meant; `-hello`: how it is a word. */
function unknownOption(words: readonly string[], form: string, known: readonly string[]): Failure | undefined {
  const stray = words
    .filter(isOption)
    .map((word) => word.split('=')[0]!)
    .find((word) => !known.includes(word));
  if (stray === undefined) return undefined;
  const near = closestMatch(stray, known);
  const line = ['p2pchat', ...words.filter((word) => word !== stray), '--', stray].map(shellWord).join(' ');
  const asWord = stray.startsWith('--') ? `Usage: ${form}` : `As a word it stands behind --, as in: ${line}`;
  return new Failure('usage', `There is no such option. ${asWord}`, {
    hint:
      near === undefined ? `'p2pchat ${commandWords(words)[0]} --help' lists the options.` : `Did you mean ${near}?`,
  });
}

/** `group` without what to do, or with something nobody does. */
function isHalf(words: readonly string[]): boolean {
  const [first = '', second] = commandWords(words);
  const names = GROUPED.get(first);
  if (second === undefined && OTHERS.includes(first)) return false;
  return names !== undefined && !names.some((name) => name === second);
}

/** The first line of a command's help, and the options which that names. */
async function described(words: readonly string[], help: (words: readonly string[]) => Promise<string>) {
  const text = await help(commandWords(words)).catch(() => '');
  return { form: text.split('\n', 1)[0] ?? '', known: text.match(/--[a-z][a-z-]*/gi) ?? [] };
}

/** @param help what `--help` prints for a command */
export async function usageFailure(
  words: readonly string[],
  message: string,
  help: (words: readonly string[]) => Promise<string>,
): Promise<Failure> {
  const text = message
    .split(/\s*\n\s*/)
    .join(' ')
    .trim();
  if (/^Unknown command/.test(text)) return unknownCommand(words);
  if (isHalf(words)) return unknownCommand(words);
  const { form, known } = await described(words, help);
  if (/^Unknown argument/.test(text)) {
    const [first = ''] = commandWords(words);
    const isKnown = form.startsWith(`p2pchat ${first}`) && first !== '';
    return (
      unknownOption(words, form, known) ?? (isKnown ? new Failure('usage', `Usage: ${form}`) : unknownCommand(words))
    );
  }
  if (/^Not enough arguments following/.test(text)) {
    const [, option = ''] = /: (.+)$/.exec(text) ?? [];
    return new Failure('usage', `--${option} wants a value. Usage: ${form}`);
  }
  const [, name, choices] = /Argument: ([^,]+), Given: .*, Choices: (.+)$/.exec(text) ?? [];
  if (name !== undefined) {
    return new Failure('usage', `--${name}: that is not one of the choices.`, {
      hint: `Choose one of: ${choices?.replaceAll('"', '')}.`,
    });
  }
  if (/^(Not enough|Too many) non-option/.test(text)) return new Failure('usage', `Usage: ${form}`);
  return new Failure('usage', text);
}
