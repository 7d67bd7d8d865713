import type { Argv, Options, PositionalOptions } from 'yargs';
import { secretsOf } from '../commands/bind-arguments.js';
import type { Command } from '../commands/command.js';
import { example, parametersOf } from '../commands/help.js';
import { namesOf } from '../commands/lookup.js';
import type { Parameter } from '../commands/parameter.js';
import { OPENING, PASSWORD_FILE } from './options.js';

/** The table of commands as yargs is told of it. */

const slots = (command: Command) =>
  parametersOf(command, 'shell').filter(({ parameter }) => parameter.type !== 'secret');

const positionals = (command: Command) => slots(command).filter(({ parameter }) => !parameter.flag);

const SEVERAL: readonly Parameter['type'][] = ['text', 'words', 'paths'];

/**
 * yargs' form: `send <to> [text..]`. A text may come from standard input, so it may be missing. Without the arguments where
 * a line is read: yargs would take those given by name for missing, and what stands behind `--` for options.
 */
export function yargsForm(command: Command, withArguments: boolean, alias?: string): string {
  const name = alias ?? command.name.split(' ').at(-1)!;
  if (!withArguments) return name;
  const form = positionals(command).map(({ name: each, parameter }) => {
    const word = SEVERAL.includes(parameter.type) ? `${each}..` : each;
    return parameter.optional || parameter.type === 'text' ? `[${word}]` : `<${word}>`;
  });
  return [name, ...form].join(' ');
}

function yargsOption({ about, ...parameter }: Parameter): Options {
  if (parameter.type === 'switch') return { type: 'boolean', describe: about };
  if (parameter.type !== 'choice') return { type: 'string', requiresArg: true, describe: about };
  return {
    type: 'string',
    requiresArg: true,
    describe: about,
    choices: parameter.choices,
    ...(parameter.fallback !== undefined && { defaultDescription: parameter.fallback }),
  };
}

function notes(command: Command): string {
  const [first] = positionals(command);
  const others = namesOf(command, 'shell').slice(1);
  const sample = example(command, 'shell');
  return [
    first && `Arguments may be given by name, too: --${first.name} ${first.label}`,
    others.length > 0 && `Also called: ${others.join(', ')}`,
    sample !== undefined && `Example: ${sample}`,
  ]
    .filter(Boolean)
    .join('\n');
}

export function yargsOptions(command: Command, argv: Argv, describes: boolean): Argv {
  for (const { name, parameter } of slots(command)) {
    if (parameter.flag || !describes) argv.option(name, yargsOption(parameter));
    else argv.positional(name, { type: 'string', describe: parameter.about } as PositionalOptions);
  }
  argv.options(OPENING);
  for (const { file, about } of secretsOf(command)) {
    if (file !== 'password-file')
      argv.option(file, { ...PASSWORD_FILE, describe: `file with this in its first line: ${about.toLowerCase()}` });
  }
  if (!describes) argv.strict(false).strictOptions();
  return argv.epilogue(notes(command));
}
