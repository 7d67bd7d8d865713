import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import { bind, type Given } from './bind-arguments.js';
import type { Command } from './command.js';
import { called, parametersOf, usage } from './help.js';
import { bySlash, onFace } from './lookup.js';

export interface Typed {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
}

const WORD = /"((?:[^"\\]|\\.)*)"|\S+/g;

interface Token {
  readonly word: string;
  readonly quoted: boolean;
}

const tokens = (rest: string): Token[] =>
  [...rest.matchAll(WORD)].map(([whole, inside]) =>
    inside === undefined ? { word: whole, quoted: false } : { word: inside.replace(/\\(.)/g, '$1'), quoted: true },
  );

const OPTION = /^--([^\s=]+)(?:=(\S*)|\s+(\S+))?\s*/;

/**
 * Of a line that ends in a text: the words before it, and it as it stands. Options stand before the text; the text itself
 * may be one (`--text …`), and then the rest of the line is it, whatever it begins with.
 */
function verbatim(command: Command, rest: string): { words: string[]; named: Given } {
  const slots = parametersOf(command, 'slash').filter(({ parameter }) => parameter.type !== 'secret');
  const named: Record<string, string> = {};
  const words: string[] = [];
  const wanted = (): number =>
    slots.filter(({ name, parameter }) => !parameter.flag && parameter.type !== 'text' && !(name in named)).length;
  for (let left = rest; left !== ''; ) {
    const [whole = '', name = '', joined, apart] = OPTION.exec(left) ?? [];
    const parameter = Object.hasOwn(command.parameters, name) ? command.parameters[name] : undefined;
    if (parameter?.type === 'text')
      return { words, named: { ...named, [name]: left.replace(/^--[^\s=]+[\s=]\s*/, '') } };
    const isOption = parameter !== undefined && parameter.type !== 'secret' && words.length < wanted();
    if (isOption && parameter.type === 'switch') {
      named[name] = 'true';
      left = left.slice(name.length + 2).trimStart();
    } else if (isOption) {
      named[name] = joined ?? apart ?? '';
      left = left.slice(whole.length);
    } else if (words.length < wanted()) {
      const [word = ''] = /^\S+/.exec(left) ?? [];
      words.push(word);
      left = left.slice(word.length).trimStart();
    } else return { words: [...words, left], named };
  }
  return { words, named };
}

function unknownFlag(command: Command, typed: string, known: readonly string[]): Failure {
  const near = closestMatch(typed, known);
  const name = called(command, 'slash');
  return new Failure('option-unknown', `${name} has no such option. Usage: ${usage(command, 'slash')}`, {
    hint: near === undefined ? `/help ${name.slice(1)} lists its options.` : `Did you mean --${near}?`,
  });
}

/** Words and `--name value`, in any order; after `--` everything is a word. */
function split(command: Command, rest: string): { words: string[]; named: Given } {
  const known = new Map(
    parametersOf(command, 'slash')
      .filter(({ parameter }) => parameter.type !== 'secret')
      .map(({ name, parameter }) => [name, parameter]),
  );
  const words: string[] = [];
  const named: Record<string, string> = {};
  const queue = tokens(rest);
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    if (token.quoted || !token.word.startsWith('--')) {
      words.push(token.word);
      continue;
    }
    if (token.word === '--') {
      words.push(...queue.splice(0).map(({ word }) => word));
      continue;
    }
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/.exec(token.word) ?? [];
    const parameter = known.get(name);
    if (parameter === undefined) throw unknownFlag(command, name, [...known.keys()]);
    named[name] = parameter.type === 'switch' ? 'true' : (value ?? queue.shift()?.word ?? '');
  }
  return { words, named };
}

/** `/group invite …` is the shell's name of it, in two words. */
function chosen(commands: readonly Command[], line: string): { command: Command; rest: string } {
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  const [, second = '', more = ''] = /^(\S+)\s*(.*)$/s.exec(rest) ?? [];
  const long = second === '' ? undefined : onFace(commands, 'slash', `${name} ${second}`);
  return long === undefined ? { command: bySlash(commands, name), rest } : { command: long, rest: more };
}

/**
 * What a line beginning with `/` asks for. Secrets are not on the line: the face adds them.
 * @throws Failure usage `command-unknown`, `usage`, `option-unknown`, `argument-invalid`
 */
export function parseSlash(commands: readonly Command[], line: string): Typed {
  const { command, rest } = chosen(commands, line);
  const endsInText = parametersOf(command, 'slash').some(({ parameter }) => parameter.type === 'text');
  const { words, named } = endsInText ? verbatim(command, rest) : split(command, rest);
  return { command, args: bind(command, 'slash', words, named) };
}
