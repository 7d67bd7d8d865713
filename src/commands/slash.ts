import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import { bind, type Given } from './bind-arguments.js';
import type { Command } from './command.js';
import { parametersOf, usage } from './help.js';
import { bySlash } from './lookup.js';

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

/** The first `count` words, and what follows them as it stands. */
function verbatim(rest: string, count: number): string[] {
  const words: string[] = [];
  let left = rest;
  for (let at = 0; at < count && left !== ''; at++) {
    const [word = ''] = /^\S+/.exec(left) ?? [];
    words.push(word);
    left = left.slice(word.length).trimStart();
  }
  return left === '' ? words : [...words, left];
}

function unknownFlag(command: Command, name: string, known: readonly string[]): Failure {
  const near = closestMatch(name, known);
  return new Failure('option-unknown', `/${command.slash} has no such option. Usage: ${usage(command, 'slash')}`, {
    hint: near === undefined ? `/help ${command.slash} lists its options.` : `Did you mean --${near}?`,
  });
}

/** Words and `--name value`, in any order; after `--` everything is a word. */
function split(command: Command, rest: string): { words: string[]; flags: Given } {
  const flagged = new Map(
    parametersOf(command, 'slash')
      .filter(({ parameter }) => parameter.flag)
      .map(({ name, parameter }) => [name, parameter]),
  );
  const words: string[] = [];
  const flags: Record<string, string> = {};
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
    const parameter = flagged.get(name);
    if (parameter === undefined) throw unknownFlag(command, name, [...flagged.keys()]);
    flags[name] = parameter.type === 'switch' ? 'true' : (value ?? queue.shift()?.word ?? '');
  }
  return { words, flags };
}

/**
 * What a line beginning with `/` asks for. Secrets are not on the line: the face adds them.
 * @throws Failure usage `command-unknown`, `usage`, `option-unknown`, `argument-invalid`
 */
export function parseSlash(commands: readonly Command[], line: string): Typed {
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  const command = bySlash(commands, name);
  const positional = parametersOf(command, 'slash').filter(({ parameter }) => !parameter.flag);
  const text = positional.findIndex(({ parameter }) => parameter.type === 'text');
  const { words, flags } = text < 0 ? split(command, rest) : { words: verbatim(rest, text), flags: {} };
  return { command, args: bind(command, 'slash', words, flags) };
}
