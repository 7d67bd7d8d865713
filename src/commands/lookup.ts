import { closestMatch } from '../base/closest-match.js';
import { Failure } from '../base/errors.js';
import type { Role } from '../wire/directory.js';
import type { Command } from './command.js';

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

/** @throws Failure usage `command-unknown`, naming the nearest one */
function found(commands: readonly Command[], name: string, nameOf: (command: Command) => string | undefined): Command {
  const folded = name.toLowerCase();
  const command = commands.find((each) => nameOf(each) === folded);
  if (command !== undefined) return command;
  const names = commands.map(nameOf).filter((each) => each !== undefined);
  const near = closestMatch(folded, names);
  throw new Failure('command-unknown', 'There is no such command.', {
    hint: near === undefined ? 'help lists the commands.' : `Did you mean '${near}'?`,
    ...(near !== undefined && { details: { nearest: near } }),
  });
}

export const bySlash = (commands: readonly Command[], name: string): Command =>
  found(commands, name, ({ slash }) => slash);
