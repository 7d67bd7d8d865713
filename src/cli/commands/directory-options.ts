import type { Argv } from 'yargs';
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
  metrics: { type: 'string', requiresArg: true, describe: 'HOST:PORT for Prometheus' },
} as const;

/** For a running directory: the shell's form, what its console calls it, and what it does. */
const CONSOLE: readonly (readonly [form: string, line: string, about: string])[] = [
  ['status', 'status', 'Shows what a running directory does.'],
  ['users', 'users', 'Lists the accounts.'],
  ['invite [uses]', 'invite', 'Makes an invitation, for one person or for as many as said.'],
  ['pause', 'stop', 'Accepts nobody new until it is resumed; who is connected stays.'],
  ['resume', 'start', 'Accepts connections again.'],
  ['database <name>', 'database', 'Opens another store, or creates it.'],
  ['stop', 'exit', 'Ends a running directory, after what is under way.'],
];

const ARGUMENTS = {
  uses: 'how many people may use it; one by default',
  name: "the store's name",
} as const;

function addConsole(argv: Argv, notes: Line, form: string, line: string, about: string): void {
  const [, argument] = /[[<](\w+)/.exec(form) ?? [];
  argv.command(
    form,
    about,
    (options) => {
      if (argument === 'uses' || argument === 'name') {
        options.positional(argument, { type: 'string', describe: ARGUMENTS[argument] });
      }
      return options.options({ data: DATA });
    },
    notes.does(async (shell, parsed: Parsed) => {
      const { directoryAsk } = await import('./directory-ask.js');
      const value = argument === undefined ? undefined : parsed[argument];
      await directoryAsk(shell, parsed.data as string | undefined, value === undefined ? line : `${line} ${value}`);
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
    for (const [form, line, about] of CONSOLE) addConsole(inner, notes, form, line, about);
    return inner.demandCommand(1, 'Say what: start, status, users, invite or stop.').recommendCommands();
  });
}
