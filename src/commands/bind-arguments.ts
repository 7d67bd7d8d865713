import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import type { Command, Face } from './command.js';
import { called, parametersOf, usage } from './help.js';
import type { Parameter } from './parameter.js';
import { convert, PATH_SEPARATOR } from './parse-argument.js';

/** Arguments by name, as text. */
export type Given = Readonly<Record<string, string>>;
/** Arguments by name, as the command's handler gets them. */
export type Args = Readonly<Record<string, unknown>>;

const DIGITS = /^\d+$/;

/** `/history 20`: digits where an optional conversation could stand are the number behind it, if nothing follows. */
function skips(parameter: Parameter, next: Parameter | undefined, words: readonly string[]): boolean {
  return (
    parameter.type === 'conversation' &&
    parameter.optional === true &&
    next?.type === 'count' &&
    words.length === 1 &&
    DIGITS.test(words[0]!)
  );
}

export const wrongUsage = (command: Command, face: Face): Failure =>
  new Failure('usage', `Usage: ${usage(command, face)}`, {
    hint:
      face === 'slash'
        ? `/help ${called(command, face).slice(1)} says more.`
        : `'p2pchat ${command.name} --help' says more.`,
  });

/** What stands in front of a group where the group may as well come first: `/invite bob #friends`, `/invite #friends bob`. */
const BESIDE_GROUP: readonly Parameter['type'][] = ['user', 'path'];

/** A group that is written with its `#` is known by it: it may stand on either side of the one it goes with. */
function straightened(
  parameter: Parameter,
  next: Parameter | undefined,
  [first = '', second, ...more]: string[],
): string[] {
  const straight = second === undefined ? [first] : [first, second, ...more];
  if (second === undefined || first.startsWith('#') === second.startsWith('#')) return straight;
  const groupIsLate = parameter.type === 'group' && next?.type === 'user' && second.startsWith('#');
  const groupIsEarly = BESIDE_GROUP.includes(parameter.type) && next?.type === 'group' && first.startsWith('#');
  return groupIsLate || groupIsEarly ? [second, first, ...more] : straight;
}

/** What one parameter takes of the words that are left. */
function taken({ type }: Parameter, face: Face, left: string[]): string {
  if (type === 'words' || (type === 'text' && face === 'shell')) return left.splice(0).join(' ');
  return type === 'paths' ? left.splice(0).join(PATH_SEPARATOR) : left.shift()!;
}

/**
 * Words by their places, around what was given by name.
 * @throws Failure usage `usage` where there are too many
 */
export function arrange(command: Command, face: Face, words: readonly string[], named: Given): Given {
  const given: Record<string, string> = {};
  let left = [...words];
  const positional = parametersOf(command, face).filter(
    ({ name, parameter }) => !parameter.flag && parameter.type !== 'secret' && !Object.hasOwn(named, name),
  );
  for (const [at, { name, parameter }] of positional.entries()) {
    if (left.length === 0) break;
    const next = positional[at + 1]?.parameter;
    if (skips(parameter, next, left)) continue;
    left = straightened(parameter, next, left);
    given[name] = taken(parameter, face, left);
  }
  if (left.length > 0) throw wrongUsage(command, face);
  return { ...given, ...named };
}

/** As the usage of that face calls it. */
const labelOn = (command: Command, face: Face, name: string): string =>
  (face === 'slash' ? command.slashTakes[name] : undefined) ?? name;

function one(command: Command, face: Face, name: string, parameter: Parameter, word: string | undefined): unknown {
  if (word !== undefined && (word !== '' || parameter.type === 'secret'))
    return convert(labelOn(command, face, name), parameter, word);
  if (parameter.type === 'choice' && parameter.fallback !== undefined) return parameter.fallback;
  if (parameter.type === 'switch') return false;
  if (parameter.optional === true) return undefined;
  throw wrongUsage(command, face);
}

/** A secret may belong to some uses of a command only. */
const applies = (parameter: Parameter, args: Args): boolean =>
  parameter.type !== 'secret' ||
  Object.entries(parameter.when ?? {}).every(([name, values]) => values.includes(String(args[name])));

function check(command: Command, face: Face, given: Given, wanted: (parameter: Parameter) => boolean): Args {
  const args: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(command.parameters)) {
    if (!wanted(parameter) || !applies(parameter, args)) continue;
    const value = one(command, face, name, parameter, Object.hasOwn(given, name) ? given[name] : undefined);
    if (value !== undefined) args[name] = value;
  }
  return args;
}

/**
 * Arguments by name, without the secrets: the face asks for those (`secretsOf`) and adds them.
 * @throws Failure usage `usage` where one is missing, `argument-invalid` where one has the wrong form
 */
export const accept = (command: Command, face: Face, given: Given): Args =>
  check(command, face, given, ({ type }) => type !== 'secret');

/**
 * Words and what was given by name, as a person or a script gave them, as the command's arguments.
 * @throws Failure as `arrange` and `accept` do
 */
export const bind = (command: Command, face: Face, words: readonly string[], named: Given): Args =>
  accept(command, face, arrange(command, face, words, named));

function assertKnown(command: Command, given: Given): void {
  const known = Object.keys(command.parameters);
  const stray = Object.keys(given).find((name) => !known.includes(name));
  if (stray === undefined) return;
  const near = closestMatch(stray, known);
  const hint = known.length === 0 ? `'${command.name}' takes none.` : `'${command.name}' takes: ${known.join(', ')}.`;
  throw new Failure('option-unknown', `There is no parameter '${stray.slice(0, LONGEST_NAME)}'.`, {
    hint: near === undefined ? hint : `Did you mean '${near}'? ${hint}`,
  });
}

const LONGEST_NAME = 64;

/**
 * The same for arguments which come by name alone, secrets and all.
 * @throws Failure as `accept` does; usage `option-unknown` where one has a name that no parameter has
 */
export function bindNamed(command: Command, given: Given): Args {
  assertKnown(command, given);
  return check(command, 'rpc', given, () => true);
}

export interface Secret {
  readonly name: string;
  /** What a person is asked by. */
  readonly about: string;
  readonly twice: boolean;
  /** In the shell: the option that names a file with it. */
  readonly file: string;
}

const fileOf = ({ file, twice }: Extract<Parameter, { type: 'secret' }>): string =>
  file ?? (twice ? 'new-password-file' : 'password-file');

/** The secrets a command wants; with its arguments, those it wants then. */
export const secretsOf = (command: Command, args?: Args): readonly Secret[] =>
  Object.entries(command.parameters).flatMap(([name, parameter]) =>
    parameter.type === 'secret' && (args === undefined || applies(parameter, args))
      ? [{ name, about: parameter.about, twice: parameter.twice === true, file: fileOf(parameter) }]
      : [],
  );
