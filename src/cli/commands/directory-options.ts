import type { Argv } from 'yargs';
import { LOG_LEVELS } from '../../base/log.js';
import type { Shell } from '../shell.js';
import type { Parsed } from '../table-commands.js';
import type { InstallOptions } from './directory-install.js';
import type { CheckParsed, MigrateParsed, RestoreParsed } from './directory-move.js';
import type { RosterOptions } from './directory-roster.js';
import type { DirectoryStartOptions } from './directory-start-options.js';
import { CONFIG, DATA, START, STORE, STORE_FILES } from './directory-start-table.js';

/** The command line as those see it that add commands to it. */
export interface Line {
  does<T extends object>(act: (shell: Shell, parsed: T) => Promise<void>): (parsed: object) => void;
}

/** For a running directory: the shell's form, what its console calls it, and what it does. */
const CONSOLE: readonly (readonly [form: string, line: string, about: string])[] = [
  ['status', 'status', 'Show what a running directory is doing.'],
  ['users', 'users', 'List the accounts.'],
  ['invite [uses] [days]', 'invite', 'Create an invitation; by default for one person and 7 days.'],
  ['registration <mode>', 'registration', 'Set who may register from now on: open, invite or closed.'],
  ['unblock <name>', 'unblock', 'Unblock a user name after wrong passwords.'],
  [
    'reset-second-factor <name>',
    'reset-second-factor',
    'Reset the second factor of an account whose owner has lost it.',
  ],
  ['owner <name>', 'owner', 'Make an account the owner of the directory; the former owner becomes a beginner.'],
  [
    'account <deed> <name>',
    'account',
    'Remove an account for good; or reset one whose password and phrase are lost, so that its name can be registered again.',
  ],
  [
    'relay [step] [line]',
    'relay',
    'List the relays that devices are told of; add one by the line that it prints, or remove it.',
  ],
  ['log-level [level]', 'log-level', 'Show how much is logged, or change it until the next start.'],
  ['pause', 'pause', 'Accept no new connections until resumed; those connected stay.'],
  ['resume', 'resume', 'Accept connections again.'],
  ['database [name]', 'database', 'Open another database, or create it; without a name, show which one is open.'],
];

/** What stands after `p2pchat directory`. */
export const DIRECTORY_COMMANDS: readonly string[] = [
  ...['start', 'audit', 'stop', 'roster', 'config', 'install', 'migrate', 'backup', 'restore', 'check'],
  ...CONSOLE.map(([form]) => form.split(' ')[0]!),
];

const ARGUMENTS: Readonly<Record<string, string>> = {
  uses: 'how many people may use it',
  days: 'how long it is good',
  mode: 'open, invite or closed',
  deed: 'remove or reset',
  step: 'add or remove',
  line: 'p2pchat-relay://HOST:PORT#KEY',
  level: LOG_LEVELS.join(', '),
  name: 'its name',
};

function addConsole(argv: Argv, notes: Line, [form, line, about]: (typeof CONSOLE)[number]): void {
  const names = [...form.matchAll(/[[<](\w+)/g)].map(([, name = '']) => name);
  argv.command(
    form,
    about,
    (options) => {
      for (const name of names) options.positional(name, { type: 'string', describe: ARGUMENTS[name] ?? '' });
      return options.options({ data: DATA });
    },
    notes.does(async (shell, parsed: Parsed) => {
      const { directoryAsk } = await import('./directory-ask.js');
      const words = names.flatMap((name) => parsed[name] ?? []);
      await directoryAsk(shell, parsed.data as string | undefined, [line, ...words].join(' '));
    }),
  );
}

/** What is done before a directory runs. */
function addSetUp(argv: Argv, notes: Line): void {
  argv.command('config <command>', 'Check a configuration file.', (inner) => {
    inner.command(
      'check',
      'Read it as start does, say what is wrong with it, and show the options that it sets.',
      (options) => options.options({ config: { ...CONFIG, demandOption: true } }),
      notes.does(async (shell, parsed: { readonly config: string }) =>
        (await import('./directory-start.js')).directoryConfigCheck(shell, parsed.config),
      ),
    );
    return inner.demandCommand(1, 'Say what: check.');
  });
  argv.command(
    'install',
    'Write a sandboxed systemd service and its configuration file.',
    (options) =>
      options.options({
        unit: { type: 'string', requiresArg: true, describe: 'file; /etc/systemd/system/p2pchat-directory.service' },
        config: { type: 'string', requiresArg: true, describe: 'file; /etc/p2pchat/directory.toml' },
      }),
    notes.does(async (shell, parsed: InstallOptions) =>
      (await import('./directory-install.js')).directoryInstall(shell, parsed),
    ),
  );
}

const PLACE = { type: 'string', requiresArg: true, demandOption: true } as const;

/** A class or a team at once. */
function addRoster(argv: Argv, notes: Line): void {
  argv.command(
    'roster <file>',
    'Make a join code for each person of a CSV, and print a card for each.',
    (options) =>
      options
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'one person a line: name, label, open group',
        })
        .options({
          html: { type: 'string', requiresArg: true, describe: 'file for a page with the cards, to be printed' },
          days: {
            type: 'string',
            requiresArg: true,
            describe: 'how long the codes are good',
            defaultDescription: '14',
          },
          data: DATA,
        })
        .epilogue('Example: p2pchat directory roster class.csv --html cards.html'),
    notes.does(async (shell, parsed: RosterOptions) =>
      (await import('./directory-roster.js')).directoryRoster(shell, parsed),
    ),
  );
}

/** What is done with the store of a directory as a whole. */
function addStores(argv: Argv, notes: Line): void {
  argv.command(
    'migrate',
    'Move a stopped directory to another store; run again, it goes on where it stopped.',
    (options) =>
      options
        .options({
          from: { ...PLACE, describe: 'where it is: level:DIR with its data folder, or nats://HOST:PORT,…' },
          to: { ...PLACE, describe: 'where it shall be, in the same form; nothing may be there yet' },
          ...STORE_FILES,
        })
        .epilogue('Example: p2pchat directory migrate --from level:DIR --to nats://a,b,c --key-file FILE'),
    notes.does(async (shell, parsed: MigrateParsed) =>
      (await import('./directory-move.js')).directoryMigrate(shell, parsed),
    ),
  );
  argv.command(
    'backup <folder>',
    'Back a running directory up, as it is at one moment, into a folder; into the same one again, what has changed.',
    (options) =>
      options
        .positional('folder', { type: 'string', demandOption: true, describe: 'a new one, or of an earlier backup' })
        .options({ data: DATA }),
    notes.does(async (shell, { data, folder }: { readonly data?: string; readonly folder: string }) =>
      (await import('./directory-ask.js')).directoryBackup(shell, data, folder),
    ),
  );
  argv.command(
    'restore <from>',
    'Put a backup back into an empty data folder, or an empty store in NATS.',
    (options) =>
      options
        .positional('from', { type: 'string', demandOption: true, describe: 'the folder of the backup' })
        .options({ data: DATA, store: STORE, ...STORE_FILES }),
    notes.does(async (shell, parsed: RestoreParsed) =>
      (await import('./directory-move.js')).directoryRestore(shell, parsed),
    ),
  );
  argv.command(
    'check',
    'Read everything that a stopped directory keeps, and compare all checksums.',
    (options) => options.options({ data: DATA, store: STORE, ...STORE_FILES }),
    notes.does(async (shell, parsed: CheckParsed) =>
      (await import('./directory-move.js')).directoryCheck(shell, parsed),
    ),
  );
}

/** `directory …`: the daemon and its console. */
export function directoryCommands(argv: Argv, notes: Line): void {
  argv.command('directory <command>', 'Run a directory, or ask a running one.', (inner) => {
    inner.command(
      'start',
      'Run a directory in the foreground until SIGTERM.',
      (options) => options.options(START).epilogue('Example: p2pchat directory start --listen 0.0.0.0:4000'),
      notes.does(async (shell, parsed: DirectoryStartOptions) =>
        (await import('./directory-start.js')).directoryStart(shell, parsed),
      ),
    );
    inner.command(
      'audit',
      'Show the whole ledger of what was done to accounts, with every signature verified; --json has the signed acts.',
      (options) => options.options({ data: DATA }),
      notes.does(async (shell, parsed: { readonly data?: string }) =>
        (await import('./directory-ask.js')).directoryAudit(shell, parsed.data),
      ),
    );
    inner.command(
      ['stop', 'exit'],
      'Stop a running directory once what is under way is done. To let nobody new in, use pause.',
      (options) => options.options({ data: DATA }),
      notes.does(async (shell, parsed: { readonly data?: string }) =>
        (await import('./directory-ask.js')).directoryStop(shell, parsed.data),
      ),
    );
    addRoster(inner, notes);
    addSetUp(inner, notes);
    addStores(inner, notes);
    for (const command of CONSOLE) addConsole(inner, notes, command);
    return inner.demandCommand(1);
  });
}
