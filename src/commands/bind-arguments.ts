import { Failure } from '../base/errors.js';
import type { Command, Face } from './command.js';
import { parametersOf, usage } from './help.js';
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

const wrongUsage = (command: Command, face: Face): Failure =>
  new Failure('usage', `Usage: ${usage(command, face)}`, {
    hint: face === 'slash' ? `/help ${command.slash} says more.` : `'p2pchat ${command.name} --help' says more.`,
  });

function place(command: Command, face: Face, words: readonly string[]): Given {
  const given: Record<string, string> = {};
  const left = [...words];
  const positional = parametersOf(command, face).filter(
    ({ parameter }) => !parameter.flag && parameter.type !== 'secret',
  );
  for (const [at, { name, parameter }] of positional.entries()) {
    if (left.length === 0) break;
    if (skips(parameter, positional[at + 1]?.parameter, left)) continue;
    if (parameter.type === 'words') given[name] = left.splice(0).join(' ');
    else given[name] = parameter.type === 'paths' ? left.splice(0).join(PATH_SEPARATOR) : left.shift()!;
  }
  if (left.length > 0) throw wrongUsage(command, face);
  return given;
}

function one(command: Command, face: Face, name: string, parameter: Parameter, word: string | undefined): unknown {
  if (word !== undefined && (word !== '' || parameter.type === 'secret')) return convert(name, parameter, word);
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
 * Words and flags, as a person or a script gave them, as the command's arguments. Secrets are not among them: the face
 * asks for those (`secretsOf`) and adds them.
 * @throws Failure usage `usage` where one is missing or too many, `argument-invalid` where one has the wrong form
 */
export const bind = (command: Command, face: Face, words: readonly string[], flags: Given): Args =>
  check(command, face, { ...place(command, face, words), ...flags }, ({ type }) => type !== 'secret');

/**
 * The same for arguments which come by name, secrets and all.
 * @throws Failure as `bind` does
 */
export const bindNamed = (command: Command, given: Given): Args => check(command, 'rpc', given, () => true);

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
