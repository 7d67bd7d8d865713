import type { Argv } from 'yargs';
import { ROLES } from '../../wire/roles.js';
import { WITH_PARENT } from '../options.js';
import type { Shell } from '../shell.js';
import type { Parsed } from '../table-commands.js';
import type { DirectoryStartOptions } from './directory-start.js';

interface Line {
  does<T extends object>(act: (shell: Shell, parsed: T) => Promise<void>): (parsed: object) => void;
}

const DATA = { type: 'string', requiresArg: true, describe: 'its folder; by default in P2PCHAT_HOME' } as const;

const START = {
  data: DATA,
  listen: { type: 'string', requiresArg: true, describe: 'HOST:PORT; port 0 picks one' },
  store: { type: 'string', requiresArg: true, describe: 'level, the embedded one' },
  registration: {
    type: 'string',
    requiresArg: true,
    choices: ['open', 'invite', 'closed'],
    describe: 'who may register',
  },
  rooms: { type: 'string', requiresArg: true, describe: 'open rooms, a,b,c' },
  'block-after': {
    type: 'string',
    requiresArg: true,
    describe: 'wrong passwords until a name is blocked; 3 by default',
  },
  'block-seconds': { type: 'string', requiresArg: true, describe: 'for how long, the first time; 10 by default' },
  'require-second-factor': {
    type: 'string',
    requiresArg: true,
    choices: ROLES,
    describe: 'accounts of this role and those above it need a second factor',
  },
  'upload-quota': {
    type: 'string',
    requiresArg: true,
    describe: "an account's files for groups, as 500MB; 2GiB by default",
  },
  'upload-space': { type: 'string', requiresArg: true, describe: 'files for groups in all; 32GiB by default' },
  'upload-days': { type: 'string', requiresArg: true, describe: 'how long they are kept; 30 by default' },
  'with-parent': WITH_PARENT,
  metrics: { type: 'string', requiresArg: true, describe: 'HOST:PORT for Prometheus' },
} as const;

/** For a running directory: the shell's form, what its console calls it, and what it does. */
const CONSOLE: readonly (readonly [form: string, line: string, about: string])[] = [
  ['status', 'status', 'Shows what a running directory does.'],
  ['users', 'users', 'Lists the accounts.'],
  ['invite [uses] [days]', 'invite', 'Makes an invitation: for one person and 7 days, unless said otherwise.'],
  ['registration <mode>', 'registration', 'Says who may register from now on: open, invite or closed.'],
  ['unblock <name>', 'unblock', 'Lifts the block of a user name after wrong passwords.'],
  [
    'reset-second-factor <name>',
    'reset-second-factor',
    'Takes the second factor off an account whose owner has lost it.',
  ],
  ['pause', 'stop', 'Accepts nobody new until it is resumed; who is connected stays.'],
  ['resume', 'start', 'Accepts connections again.'],
  ['database [name]', 'database', 'Opens another database, or makes it; shows which one is open.'],
  ['stop', 'exit', 'Ends a running directory, after what is under way.'],
];

const ARGUMENTS: Readonly<Record<string, string>> = {
  uses: 'how many people may use it',
  days: 'how long it is good',
  mode: 'open, invite or closed',
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

/** `directory …`: the daemon and its console. */
export function directoryCommands(argv: Argv, notes: Line): void {
  argv.command('directory <command>', 'Runs a directory, or asks a running one.', (inner) => {
    inner.command(
      'start',
      'Runs a directory in the foreground until SIGTERM.',
      (options) => options.options(START).epilogue('Example: p2pchat directory start --listen 0.0.0.0:4000'),
      notes.does(async (shell, parsed: DirectoryStartOptions) =>
        (await import('./directory-start.js')).directoryStart(shell, parsed),
      ),
    );
    for (const command of CONSOLE) addConsole(inner, notes, command);
    return inner.demandCommand(1, 'Say what: start, status, users, invite or stop.').recommendCommands();
  });
}
