import type { Argv } from 'yargs';
import { WITH_PARENT } from '../options.js';
import type { Line } from './directory-options.js';
import { RELAY_LIMITS } from './directory-start-table.js';
import type { RelayStartOptions } from './relay-start.js';

const START = {
  directory: {
    type: 'string',
    requiresArg: true,
    describe: 'link of the directory whose devices it serves (or P2PCHAT_DIRECTORY)',
  },
  listen: { type: 'string', requiresArg: true, describe: 'HOST:PORT, UDP; 0.0.0.0:4001 by default' },
  name: { type: 'string', requiresArg: true, describe: 'its address or name from outside, where that is another' },
  data: { type: 'string', requiresArg: true, describe: 'folder of its key; by default in P2PCHAT_HOME' },
  ...RELAY_LIMITS,
  'with-parent': WITH_PARENT,
} as const;

/** `relay …`: a relay as a process of its own. */
export function relayCommands(argv: Argv, notes: Line): void {
  argv.command('relay <command>', 'Run a relay for the devices of a directory.', (inner) => {
    inner.command(
      'start',
      'Run a relay in the foreground until SIGTERM; the directory beside it has one of its own already.',
      (options) =>
        options.options(START).epilogue("Example: p2pchat relay start --directory 'p2pchat://HOST:PORT#FINGERPRINT'"),
      notes.does(async (shell, parsed: RelayStartOptions) =>
        (await import('./relay-start.js')).relayStart(shell, parsed),
      ),
    );
    return inner.demandCommand(1, 'Say what: start.');
  });
}
