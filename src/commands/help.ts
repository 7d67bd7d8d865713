import { ROLES } from '../wire/roles.js';
import type { Command, Face } from './command.js';
import { namesOf } from './lookup.js';
import type { Parameter } from './parameter.js';

interface Slot {
  readonly name: string;
  readonly label: string;
  readonly parameter: Parameter;
}

/** The command's parameters in the face's order: words fill those without a flag, from left to right. */
export function parametersOf(command: Command, face: Face): Slot[] {
  const taken =
    face === 'slash'
      ? Object.entries(command.slashTakes)
      : Object.keys(command.parameters).map((name) => [name, name.toUpperCase()] as const);
  return taken.map(([name, label]) => ({ name, label, parameter: command.parameters[name]! }));
}

/** Secrets are asked for, so they stand in no usage. */
const written = (command: Command, face: Face): Slot[] =>
  parametersOf(command, face).filter(({ parameter }) => parameter.type !== 'secret');

function shown({ name, label, parameter }: Slot): string {
  const value = parameter.type === 'choice' ? parameter.choices.join('|') : label;
  const form = !parameter.flag ? value : parameter.type === 'switch' ? `--${name}` : `--${name} ${value}`;
  return parameter.optional || parameter.flag ? `[${form}]` : form;
}

/** `/msgto`, `p2pchat send`. */
export const called = (command: Command, face: Face): string =>
  face === 'slash' ? `/${command.slash ?? command.name}` : `p2pchat ${command.name}`;

/** `/msgto USER TEXT`, `p2pchat send TO [TEXT]`. */
export const usage = (command: Command, face: Face): string =>
  [called(command, face), ...written(command, face).map(shown)].join(' ');

/** The example of that form, whole; undefined where there is none. */
export function example(command: Command, face: Face): string | undefined {
  const words = face === 'slash' ? command.examples.slash : command.examples.shell;
  return words === undefined ? undefined : `${called(command, face)} ${words}`.trimEnd();
}

/** What each role may, beyond the one before it: made of the table, where each command says the least that it takes. */
export const roleRights = (commands: readonly Command[]): string[] =>
  [...ROLES].reverse().map((role) => {
    const own = commands.filter(({ least, shell, slash }) => least === role && (shell || slash !== undefined));
    const names = [...new Set(own.map(({ name }) => name))];
    if (role === 'beginner') return 'beginner: writes, sends files, enters groups; all commands but those below.';
    return `${role}: ${names.length === 0 ? RIGHTS_BEYOND[role] : `${names.join(', ')}.`}`;
  });

/** What no command of its own tells. */
const RIGHTS_BEYOND: Readonly<Record<string, string>> = {
  'super-admin': 'all of that, towards admins too; whoever set up the directory is one.',
};

/** Everything about one command. */
export function details(command: Command, face: Face): string[] {
  const sample = example(command, face);
  const others = namesOf(command, face)
    .slice(1)
    .filter((name) => name !== command.slash)
    .map((name) => (face === 'slash' ? `/${name}` : name));
  return [
    usage(command, face),
    command.about,
    ...written(command, face).map(({ label, parameter }) => `  ${label.padEnd(13)} ${parameter.about}`),
    ...(others.length === 0 ? [] : [`Also called: ${others.join(', ')}`]),
    ...(sample === undefined ? [] : [`Example: ${sample}`]),
  ];
}

const WIDEST = 44;

/** One line a command. */
export function overview(commands: readonly Command[], face: Face): string[] {
  const rows = commands.map((command) => [usage(command, face), command.about] as const);
  const width = Math.min(WIDEST, Math.max(0, ...rows.map(([form]) => form.length)));
  return rows.map(([form, about]) => `${form.padEnd(width)}  ${about}`);
}
