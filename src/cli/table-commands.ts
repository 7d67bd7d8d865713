import type { Argv, Options, PositionalOptions } from 'yargs';
import { Failure } from '../base/errors.js';
import { type Args, bind, type Given, secretsOf } from '../commands/bind-arguments.js';
import type { Command, Context, Item } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { example, parametersOf } from '../commands/help.js';
import type { Parameter } from '../commands/parameter.js';
import type { Whoami } from '../peer/api/peer.js';
import { DIRECTORY, LISTEN, neededProfile, openInit, PASSWORD_FILE, type PeerOptions } from './options.js';
import { newPassword, password } from './password.js';
import { oneShot, type Runner, running } from './session.js';
import type { Shell } from './shell.js';

/** Words of a yargs command line, by option name; positional ones that came after `--` are in `_`. */
export type Parsed = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

const STDIN = '-';

const slots = (command: Command) =>
  parametersOf(command, 'shell').filter(({ parameter }) => parameter.type !== 'secret');

const positionals = (command: Command) => slots(command).filter(({ parameter }) => !parameter.flag);

/** yargs' form: `send <to> [text]`. A text may come from standard input, so it may be missing. */
export function yargsForm(command: Command): string {
  const form = positionals(command).map(({ name, parameter }) => {
    const word = parameter.type === 'words' || parameter.type === 'paths' ? `${name}..` : name;
    return parameter.optional || parameter.type === 'text' ? `[${word}]` : `<${word}>`;
  });
  return [command.name.split(' ').at(-1), ...form].join(' ');
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

export function yargsOptions(command: Command, argv: Argv): Argv {
  for (const { name, parameter } of slots(command)) {
    if (parameter.flag) argv.option(name, yargsOption(parameter));
    else argv.positional(name, { type: 'string', describe: parameter.about } as PositionalOptions);
  }
  argv.options({ 'password-file': PASSWORD_FILE, directory: DIRECTORY, listen: LISTEN });
  for (const { file, about } of secretsOf(command)) {
    if (file !== 'password-file')
      argv.option(file, { ...PASSWORD_FILE, describe: `the same for: ${about.toLowerCase()}` });
  }
  const sample = example(command, 'shell');
  return sample === undefined ? argv : argv.epilogue(`Example: ${sample}`);
}

const list = (value: unknown): string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);

/** A text that is missing or `-` is standard input, without its last line break. */
async function withText(shell: Shell, command: Command, words: readonly string[]): Promise<readonly string[]> {
  const at = positionals(command).findIndex(({ parameter }) => parameter.type === 'text');
  const given = words[at];
  if (at < 0 || words.length < at || (given !== undefined && given !== STDIN)) return words;
  if (given === undefined && shell.input().terminal) return words;
  const text = (await shell.input().rest()).replace(/\r?\n$/, '');
  if (text !== '') return [...words.slice(0, at), text, ...words.slice(at + 1)];
  throw new Failure('text-empty', 'There is no text, neither as an argument nor on standard input.', {
    hint: `For example: ${example(command, 'shell')}`,
  });
}

type Ask = () => Promise<string>;

/** New ones are asked for; any other is the one the profile opens with, and that is asked for once. */
async function secrets(shell: Shell, command: Command, args: Args, parsed: Parsed, ask: Ask): Promise<Args> {
  const given: Record<string, string> = {};
  for (const { name, about, twice, file: option } of secretsOf(command, args)) {
    const file = parsed[option] as string | undefined;
    const source = { file, prompt: about, option, whole: option === 'phrase-file' };
    if (option === 'password-file') given[name] = await ask();
    else given[name] = await (twice ? newPassword(shell, source) : password(shell, source));
  }
  return given;
}

function argumentsOf(command: Command, parsed: Parsed): { words: string[]; flags: Given } {
  const depth = command.name.split(' ').length;
  const words = positionals(command).flatMap(({ name }) => list(parsed[name]));
  const flags = slots(command)
    .filter(({ name, parameter }) => parameter.flag && parsed[name] !== undefined)
    .map(({ name }) => [name, String(parsed[name])] as const);
  return { words: [...words, ...parsed._.slice(depth).map(String)], flags: Object.fromEntries(flags) };
}

/** Runs a command of the table from the shell. */
export async function runFromTable(shell: Shell, command: Command, parsed: Parsed): Promise<void> {
  if (command.fromProfile) return sayOffline(shell, command, command.fromProfile);
  const options = parsed as unknown as PeerOptions;
  let asked: Promise<string> | undefined;
  const ask = (): Promise<string> => {
    asked ??= password(shell, { file: options['password-file'], prompt: 'Password' });
    return asked;
  };
  // On standard input the password stands before the text.
  if (options['password-file'] === STDIN) await ask();
  const { words, flags } = argumentsOf(command, parsed);
  const args = bind(command, 'shell', await withText(shell, command, words), flags);
  const all = { ...args, ...(await secrets(shell, command, args, parsed, ask)) };
  await oneShot(
    shell,
    async () => ({ ...(await openInit(shell, options, ask)), ...(command.transfers && { transfers: true }) }),
    (run) => show(shell, command, all, run),
    typeof all.timeout === 'number' ? all.timeout * 1_000 : undefined,
  );
}

const contextOf = (shell: Shell): Context => ({ face: 'shell', commands, now: () => shell.clock.now() });

async function show(shell: Shell, command: Command, args: Args, run: Runner): Promise<void> {
  const context = contextOf(shell);
  await run(command, args, (item) => sayItem(shell, command, item, context));
}

function sayItem({ output }: Shell, command: Command, item: Item, context: Context): void {
  const progress = command.progress(item, context);
  if (progress === undefined || output.json) output.say(item, command.lines(item, context));
  else output.progress(progress);
}

/** The process that has the profile open may know more; but nobody is asked for a password for this. */
async function sayOffline(shell: Shell, command: Command, fromProfile: (me: Whoami) => Item): Promise<void> {
  const client = await running(shell);
  if (client) {
    return show(shell, command, {}, (each, args, take) => client.stream(each.name, args, take));
  }
  const item = fromProfile(await neededProfile(shell));
  shell.output.say(item, command.lines(item, contextOf(shell)));
}
