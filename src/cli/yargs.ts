import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { Failure } from '../base/errors.js';
import type { Command } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { namesOf, onFace } from '../commands/lookup.js';
import { directoryCommands } from './commands/directory-options.js';
import { joinCommands } from './commands/join-options.js';
import { keeperCommands } from './commands/keeper-options.js';
import type { ListenOptions } from './commands/listen.js';
import type { LoginOptions } from './commands/login.js';
import type { RegisterOptions } from './commands/register.js';
import { relayCommands } from './commands/relay-options.js';
import type { RestoreOptions } from './commands/restore.js';
import type { RpcOptions } from './commands/rpc.js';
import { startCommands } from './commands/start-options.js';
import type { VerifyExportOptions } from './commands/verify-export.js';
import { KEPT } from './home.js';
import { CODE, DIRECTORY, INTO, OPENING, PASSWORD_FILE, PHRASE_FILE } from './options.js';
import type { Shell } from './shell.js';
import { type Parsed, runFromTable } from './table-commands.js';
import { usageFailure } from './usage-failure.js';
import { yargsForm, yargsOptions } from './yargs-table.js';

/** What was asked for, still to be run. */
export type Action = (shell: Shell) => Promise<void>;

/** A lone `-` stands for standard input; yargs would take it for nothing. */
const DASH = '\0';
const restored = (value: unknown): unknown =>
  value === DASH ? '-' : Array.isArray(value) ? value.map(restored) : value;

/** Of an option given twice the last one counts. */
const restore = (parsed: object): Parsed =>
  Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [
      name,
      restored(Array.isArray(value) && name !== '_' ? value.at(-1) : value),
    ]),
  ) as Parsed;

class Line {
  action: Action | undefined;

  /** A handler for yargs: notes what is to be done. */
  does<T extends object>(act: (shell: Shell, parsed: T) => Promise<void>): (parsed: object) => void {
    return (parsed) => {
      this.action = (shell) => act(shell, restore(parsed) as object as T);
    };
  }
}

/** Whether yargs describes the commands, or reads what was typed for one: then their words are bound by the table. */
type Purpose = 'describe' | 'read';

function addTable(argv: Argv, line: Line, purpose: Purpose): void {
  const groups = new Map<string, Command[]>();
  for (const command of commands.filter(({ shell }) => shell)) {
    const [first = '', second] = command.name.split(' ');
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), command]);
    else if (!isAlsoGroup(first)) addOne(argv, command, line, purpose);
  }
  for (const [first, members] of groups) {
    const itself = commands.find(({ name, shell }) => shell && name === first);
    if (itself !== undefined) {
      addOne(argv, itself, line, purpose, undefined, members);
      continue;
    }
    argv.command(`${first} <command>`, members.map(({ name }) => name).join(', '), (inner) => {
      for (const command of members) addOne(inner, command, line, purpose);
      return inner.demandCommand(1, `Say what: ${members.map(({ name }) => name).join(', ')}.`);
    });
  }
  for (const [alias, command] of aliases()) addOne(argv, command, line, purpose, alias);
}

/** Every further name that leads to a command in the shell, which no command has for its own. */
function aliases(): Map<string, Command> {
  const own = new Set(commands.filter(({ shell }) => shell).map(({ name }) => name.split(' ')[0]!));
  const names = commands
    .flatMap((command) => namesOf(command, 'shell').slice(1))
    .filter((name) => !own.has(name) && !name.includes(' --'));
  return new Map(names.map((name) => [name, onFace(commands, 'shell', name)!]));
}

/** `share FILE` and `share list`: what stands behind the first word may be the second of another command. */
const isAlsoGroup = (first: string): boolean =>
  commands.some(({ name, shell }) => shell && name.startsWith(`${first} `));

const addOne = (
  argv: Argv,
  command: Command,
  line: Line,
  purpose: Purpose,
  alias?: string,
  members: readonly Command[] = [],
): Argv =>
  argv.command(
    yargsForm(command, purpose === 'describe', alias),
    (alias === undefined ? command.about : false) as string,
    (inner) => {
      for (const member of members) addOne(inner, member, line, purpose);
      return yargsOptions(command, inner, purpose === 'describe');
    },
    line.does((shell, parsed: Parsed) => runFromTable(shell, command, parsed, alias)),
  );

function addSessions(argv: Argv, line: Line): void {
  argv
    .command(
      'register [name]',
      'Create an account at a directory and make this installation its first device.',
      (inner) =>
        inner
          .positional('name', { type: 'string', describe: 'the user name' })
          .options({
            directory: DIRECTORY,
            invite: { type: 'string', requiresArg: true, describe: 'invitation, where the directory wants one' },
            email: { type: 'string', requiresArg: true, describe: "for the directory's operator; optional" },
            'password-file': PASSWORD_FILE,
          })
          .epilogue('Example: p2pchat register alice --directory p2pchat://HOST:PORT#FINGERPRINT'),
      line.does(async (shell, parsed: RegisterOptions) =>
        (await import('./commands/register.js')).register(shell, parsed),
      ),
    )
    .command(
      'login [name]',
      'Open the chat; without a terminal, lines in and events out.',
      (inner) =>
        inner
          .positional('name', { type: 'string', describe: 'the user name; remembered in the profile' })
          .options({
            ...OPENING,
            plain: { type: 'boolean', describe: 'lines instead of the full screen' },
            recover: { type: 'boolean', describe: 'with the recovery phrase, and a new password' },
            'phrase-file': PHRASE_FILE,
            code: {
              type: 'string',
              describe: `without a value: by a code from 'device add' on another device. With one: ${CODE.describe}`,
            },
            'code-file': { ...PASSWORD_FILE, describe: 'file with this in its first line: code of another device' },
            history: {
              type: 'string',
              requiresArg: true,
              describe: 'of a new device: what it asks your other ones for: all, none, or since when, as 90d',
              defaultDescription: 'all',
            },
          })
          .epilogue('Example: p2pchat login alice'),
      line.does(async (shell, parsed: LoginOptions) => (await import('./commands/login.js')).login(shell, parsed)),
    );
}

function addRestore(argv: Argv, line: Line): void {
  argv.command(
    'restore <file>',
    'Make an empty profile a new device of the account, with the history out of a backup.',
    (inner) =>
      inner
        .positional('file', { type: 'string', describe: "what 'p2pchat backup' has written" })
        .options({
          directory: { ...DIRECTORY, describe: "where the directory's address is another one than in the backup" },
          'password-file': PASSWORD_FILE,
          recover: { type: 'boolean', describe: 'enrol with the recovery phrase, and a new password' },
          'phrase-file': PHRASE_FILE,
          'passphrase-file': {
            ...PASSWORD_FILE,
            describe: 'file with this in its first line: passphrase of the backup',
          },
          code: CODE,
        })
        .epilogue('Example: p2pchat restore /media/stick/p2pchat.backup'),
    line.does(async (shell, parsed: RestoreOptions) => (await import('./commands/restore.js')).restore(shell, parsed)),
  );
}

function addVerifyExport(argv: Argv, line: Line): void {
  argv.command(
    'verify-export <file>',
    "Verify a signed export of a group: offline, with the directory's fingerprint alone.",
    (inner) =>
      inner
        .positional('file', { type: 'string', describe: "what 'p2pchat export --signed' has written" })
        .options({
          directory: { ...DIRECTORY, describe: "the directory's link; by default that of the profile" },
          fingerprint: { type: 'string', requiresArg: true, describe: "what stands behind '#' in that link" },
        })
        .epilogue('Example: p2pchat verify-export lobby.jsonl --fingerprint FINGERPRINT'),
    line.does(async (shell, parsed: VerifyExportOptions) =>
      (await import('./commands/verify-export.js')).verifyExport(shell, parsed),
    ),
  );
}

/** For scripts and other programs. */
function addPrograms(argv: Argv, line: Line): void {
  argv
    .command(
      'listen',
      'Print events: ready, then what arrived meanwhile, then new ones as they come.',
      (inner) =>
        inner
          .options({
            ...OPENING,
            count: { type: 'string', requiresArg: true, describe: 'end after that many messages' },
            timeout: { type: 'string', requiresArg: true, describe: 'end after that many seconds' },
            accept: {
              choices: ['all', 'contacts', 'none'] as const,
              requiresArg: true,
              describe: 'whose files are accepted without asking, besides the rules of autoaccept',
            },
            to: INTO,
          })
          .epilogue(
            'Example: p2pchat listen --json --count 1 --timeout 60\nStatus 1 if --count was not reached in time.',
          ),
      line.does(async (shell, parsed: ListenOptions) => (await import('./commands/listen.js')).listen(shell, parsed)),
    )
    .command(
      'rpc',
      'Speak JSON-RPC 2.0 on standard input and output or on a socket, for programs in any language.',
      (inner) =>
        inner
          .options({
            ...OPENING,
            socket: { type: 'string', requiresArg: true, describe: 'path of a Unix socket to serve instead' },
          })
          .epilogue('Example: p2pchat rpc --password-file secret --socket ~/p2pchat.sock\nSee docs/bots.md.'),
      line.does(async (shell, parsed: RpcOptions) => (await import('./commands/rpc.js')).rpc(shell, parsed)),
    );
}

/**
 * Reads a command line. Help, version and completion are printed by yargs itself; there is nothing to run then.
 * @throws Failure usage
 */
export async function parse(typed: readonly string[], version: string): Promise<Action | undefined> {
  const words = inOwnWords(typed);
  if (words[0] === 'completion') chooseShell(words[1]);
  const line = new Line();
  const columns = Math.min(100, process.stdout.columns ?? 100);
  try {
    await build(words, version, line, columns, isAboutCommands(words) ? 'describe' : 'read')
      .completion('completions', false, completeWith(await namesAsked(words)))
      .parseAsync();
  } catch (error) {
    throw error instanceof Failure ? error : await usageFailure(words, (error as Error).message, helpText);
  }
  return line.action;
}

/** `invite --words` is a command of its own, called by what it is a kind of. */
function inOwnWords(words: readonly string[]): readonly string[] {
  const [first, second = ''] = words;
  const command = second.startsWith('--') ? onFace(commands, 'shell', `${first} ${second}`) : undefined;
  return command === undefined ? words : [...command.name.split(' '), ...words.slice(2)];
}

/** By these two yargs tells zsh from bash, once and at its beginning. */
function chooseShell(shell: string | undefined): void {
  if (shell !== 'bash' && shell !== 'zsh') return;
  process.env.SHELL = `/bin/${shell}`;
  delete process.env.ZSH_NAME;
}

/** Help and completion show the form of each command. */
function isAboutCommands(words: readonly string[]): boolean {
  const before = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  return before.includes('--help') || before[0] === COMPLETES;
}

const COMPLETES = '--get-yargs-completions';

/** The words of the line come after yargs' own option and the program's name. */
const namesAsked = async (words: readonly string[]): Promise<readonly string[]> =>
  words[0] === COMPLETES ? (await import('./complete-names.js')).completeNames(words.slice(2), process.env) : [];

/** Besides what yargs knows by itself. */
const completeWith =
  (names: readonly string[]): FallbackCompletionFunction =>
  (_current, _argv, byDefault, done) =>
    byDefault((_error, known = []) => done([...known, ...names]));

const MANUAL_COLUMNS = 78;

/** What `--help` prints for a command, or without words for all of them. */
export const helpText = (words: readonly string[]): Promise<string> =>
  build(words, '', new Line(), MANUAL_COLUMNS, 'describe').getHelp();

function build(words: readonly string[], version: string, line: Line, columns: number, purpose: Purpose): Argv {
  const argv = yargs(words.map((word) => (word === '-' ? DASH : word)));
  argv
    .scriptName('p2pchat')
    .usage('$0 COMMAND\n\nSecure chat from the terminal: peers talk directly, a directory introduces them.')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
    })
    .option('json', { type: 'boolean', describe: 'one JSON object a line on standard output', global: true });
  addSessions(argv, line);
  addRestore(argv, line);
  addVerifyExport(argv, line);
  joinCommands(argv, line);
  addPrograms(argv, line);
  keeperCommands(argv, line);
  addTable(argv, line, purpose);
  directoryCommands(argv, line);
  relayCommands(argv, line);
  startCommands(argv, line);
  argv.command(
    'completion [shell]',
    'Print a script for bash, zsh or fish: p2pchat completion bash >> ~/.bashrc',
    (inner) =>
      inner.positional('shell', { type: 'string', describe: 'bash, zsh or fish; the one that runs by default' }),
    line.does(async (shell, parsed: { readonly shell?: string }) =>
      (await import('./commands/completion.js')).completion(shell, parsed.shell, () => argv.showCompletionScript()),
    ),
  );
  return argv
    .epilogue(KEPT)
    .demandCommand(1, 'Which command?')
    .strict()
    .help()
    .version(version)
    .wrap(columns)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    });
}
