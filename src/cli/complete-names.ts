import { secretsOf } from '../commands/bind-arguments.js';
import type { Command } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { parametersOf } from '../commands/help.js';
import { onFace } from '../commands/lookup.js';
import type { Parameter } from '../commands/parameter.js';
import { connectControl } from '../control/client.js';
import { controlPath } from '../control/path.js';
import { homeFolder } from './home.js';
import { OPENING } from './options.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whoever presses Tab does not wait longer for names. */
const PATIENCE_MS = 1_000;

/** Which command answers with the names, and where in its items they stand. A group's `#` would begin a comment. */
const LISTS: Partial<Record<Parameter['type'], { readonly command: string; readonly field: string }>> = {
  user: { command: 'users', field: 'user' },
  conversation: { command: 'users', field: 'user' },
  group: { command: 'groups', field: 'group' },
};

/** A command's name has one word or two. */
function commandOf(words: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const command = onFace(commands, 'shell', words.slice(0, length).join(' '));
    if (command !== undefined) return { command, rest: words.slice(length) };
  }
  return undefined;
}

/** What stands where the last of the words does; the last word may be empty. */
function parameterAt(command: Command, words: readonly string[]): Parameter | undefined {
  const slots = parametersOf(command, 'shell').filter(({ parameter }) => parameter.type !== 'secret');
  const takesNext = (word: string | undefined): Parameter | undefined => {
    const found = slots.find(({ name }) => word === `--${name}`)?.parameter;
    return found?.type === 'switch' ? undefined : found;
  };
  const files = secretsOf(command).map(({ file }) => file);
  const isBesides = (word = ''): boolean => [...Object.keys(OPENING), ...files].includes(word.replace(/^--/, ''));
  const isValue = (at: number): boolean => {
    const before = words[at - 1];
    return before?.startsWith('--') === true && (isBesides(before) || takesNext(before) !== undefined);
  };
  if (isValue(words.length - 1)) return takesNext(words.at(-2));
  const given = words.slice(0, -1).filter((word, at) => !word.startsWith('--') && !isValue(at));
  const places = slots.filter(({ parameter }) => !parameter.flag);
  return places[given.length]?.parameter;
}

/**
 * Names of people and groups that could stand in the place of the last word, as the program knows them that has the profile
 * open. Without one there are none: what is kept is sealed.
 * @param words of the line, from the command on
 */
export async function completeNames(words: readonly string[], env: Environment): Promise<string[]> {
  const asked = commandOf(words);
  const list = asked && LISTS[parameterAt(asked.command, asked.rest)?.type ?? 'text'];
  if (list === undefined) return [];
  const client = await connectControl(await controlPath(homeFolder(env), env), {
    patience: PATIENCE_MS,
  }).catch(() => undefined);
  if (client === undefined) return [];
  const names: string[] = [];
  try {
    await client.stream(list.command, {}, (item) => {
      names.push(String(item[list.field]).replace(/^#/, ''));
    });
  } catch {
    // Nobody is there who would read an error.
  } finally {
    client.close();
  }
  return names.filter((name) => name.startsWith(words.at(-1) ?? ''));
}
