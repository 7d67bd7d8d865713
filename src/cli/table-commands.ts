import { Failure } from '../base/errors.js';
import { type Args, accept, arrange, type Given, secretsOf } from '../commands/bind-arguments.js';
import type { Command, Context, Item } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { example, parametersOf } from '../commands/help.js';
import { inWordsOf } from '../commands/words-of-face.js';
import type { Whoami } from '../peer/api/peer.js';
import { neededProfile, openInit, type PeerOptions } from './options.js';
import { newPassword, password } from './password.js';
import { oneShot, type Runner, running } from './session.js';
import type { Shell } from './shell.js';
import { withFiles } from './spool.js';

/** Words of a yargs command line, by option name; all others, the command's own first, are in `_`. */
export type Parsed = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

const STDIN = '-';

/** A text that is missing or `-` is standard input, without its last line break. */
async function withText(shell: Shell, command: Command, given: Given): Promise<Given> {
  const slots = parametersOf(command, 'shell').filter(({ parameter }) => parameter.type !== 'secret');
  const text = slots.find(({ parameter }) => parameter.type === 'text');
  if (text === undefined || (given[text.name] !== undefined && given[text.name] !== STDIN)) return given;
  const missing = slots.some(
    ({ name, parameter }) => parameter !== text.parameter && !parameter.optional && given[name] === undefined,
  );
  if (missing || (given[text.name] === undefined && shell.input().terminal)) return given;
  const read = (await shell.input().rest()).replace(/\r?\n$/, '');
  if (read !== '') return { ...given, [text.name]: read };
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

/** What was typed, by places and by names. */
function argumentsOf(command: Command, parsed: Parsed, alias: string | undefined): Given {
  const depth = (alias ?? command.name).split(' ').length;
  const named = Object.entries(command.parameters)
    .filter(([name, { type }]) => type !== 'secret' && parsed[name] !== undefined)
    .map(([name]) => [name, String(parsed[name])] as const);
  return arrange(command, 'shell', parsed._.slice(depth).map(String), Object.fromEntries(named));
}

/** Runs a command of the table from the shell. */
export async function runFromTable(shell: Shell, command: Command, parsed: Parsed, alias?: string): Promise<void> {
  const words = argumentsOf(command, parsed, alias);
  if (command.fromProfile) return sayOffline(shell, command, command.fromProfile);
  const options = parsed as unknown as PeerOptions;
  let asked: Promise<string> | undefined;
  const ask = (): Promise<string> => {
    asked ??= password(shell, { file: options['password-file'], prompt: 'Password' });
    return asked;
  };
  // On standard input the password stands before the text.
  if (options['password-file'] === STDIN) await ask();
  const given = await withText(shell, command, words);
  // What is wrong with the line is said before anything is read.
  accept(command, 'shell', given);
  const args = accept(command, 'shell', await withFiles(shell, command, given));
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
  let isEmpty = true;
  await run(command, args, (item) => {
    isEmpty = false;
    sayItem(shell, command, item, context);
  });
  if (isEmpty && command.empty !== undefined && !shell.output.json)
    shell.output.note(inWordsOf('shell', command.empty));
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
