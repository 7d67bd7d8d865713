import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import type { Role } from '../wire/directory.js';
import type { Command, Face } from './command.js';

const RANK: Readonly<Record<Role, number>> = { beginner: 0, advanced: 1, admin: 2, 'super-admin': 3 };

/** Whether a person of that role is offered the command; the directory judges for itself. */
export const permitted = (command: Command, role: Role | undefined): boolean =>
  role === undefined || RANK[role] >= RANK[command.least];

/** @throws Failure denied `not-permitted` */
export function permit(command: Command, role: Role | undefined): void {
  if (permitted(command, role)) return;
  throw new Failure('not-permitted', `'${command.name}' needs the role ${command.least}; yours is ${role}.`, {
    hint: 'Ask an admin of this directory to do it, or for the role.',
  });
}

/** What the command is called on that face: the name first that its help uses. */
export function namesOf(command: Command, face: Face): readonly string[] {
  const { name, slash, aliases, shell } = command;
  if (face === 'slash') return slash === undefined && !isChatToo(command) ? [] : [slash ?? name, name, ...aliases];
  if (face === 'shell') return shell ? [name, ...(slash === undefined ? [] : [slash]), ...aliases] : [];
  return [name, ...(slash === undefined ? [] : [slash]), ...aliases];
}

/** `group invite` is the shell's; in the chat `/group invite` does the same as `/invite`. */
const isChatToo = ({ name }: Command): boolean => name.startsWith('group ');

/** A name that is a command's own goes before one that is another's alias. */
export function onFace(commands: readonly Command[], face: Face, name: string): Command | undefined {
  const folded = name.toLowerCase();
  return (
    commands.find((each) => namesOf(each, face)[0] === folded) ??
    commands.find((each) => namesOf(each, face).includes(folded))
  );
}

/** Words of other tools for what is called otherwise here, or is no command. */
const SYNONYMS: Readonly<Record<string, string>> = {
  bye: 'quit',
  call: 'video',
  channels: 'groups',
  cp: 'file',
  del: 'delete',
  find: 'search',
  get: 'download',
  grep: 'search',
  ignore: 'block',
  knock: 'join',
  list: 'groups',
  log: 'history',
  man: 'help',
  op: 'role',
  password: 'passwd',
  put: 'upload',
  rm: 'delete',
  trust: 'verify',
  unignore: 'unblock',
  whois: 'verify',
};

const NOT_HERE: Readonly<Record<string, string>> = {
  nick: 'A name is chosen when the account is made, and stays: it is what others verify.',
  topic: 'Groups have no topic: say it in the group.',
};

/** What a person most likely meant: by another tool's word for it, or by a slip of the finger. */
function nearestName(
  commands: readonly Command[],
  face: Face,
  word: string,
  more: readonly string[],
): string | undefined {
  const folded = word.toLowerCase();
  const known = new Map<string, string>();
  for (const command of commands) {
    for (const name of namesOf(command, face)) if (!known.has(name)) known.set(name, namesOf(command, face)[0]!);
  }
  for (const name of more) known.set(name, name);
  for (const [synonym, name] of Object.entries(SYNONYMS)) {
    const shown = known.get(name);
    if (shown !== undefined && !known.has(synonym)) known.set(synonym, shown);
  }
  const near = known.has(folded) ? folded : closestMatch(folded, known.keys());
  return near === undefined ? undefined : known.get(near);
}

/** That there is no such command, and which one is nearest. @param more commands of that face which are not of the table */
export function commandUnknown(
  commands: readonly Command[],
  face: Face,
  word: string,
  more: readonly string[] = [],
): Failure {
  const instead = Object.hasOwn(NOT_HERE, word.toLowerCase()) ? NOT_HERE[word.toLowerCase()] : undefined;
  const near = instead === undefined ? nearestName(commands, face, word, more) : undefined;
  const sign = face === 'slash' ? '/' : '';
  const list = face === 'slash' ? '/help lists the commands.' : "'p2pchat --help' lists the commands.";
  return new Failure('command-unknown', 'There is no such command.', {
    hint: instead ?? (near === undefined ? list : `Did you mean '${sign}${near}'?`),
    ...(near !== undefined && { details: { nearest: near } }),
  });
}

/** @throws Failure usage `command-unknown`, naming the nearest one */
export function bySlash(commands: readonly Command[], name: string): Command {
  const command = onFace(commands, 'slash', name);
  if (command !== undefined) return command;
  throw commandUnknown(commands, 'slash', name);
}
