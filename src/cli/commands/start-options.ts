import type { Argv } from 'yargs';
import type { StartOptions } from '../playground.js';
import type { Line } from './directory-options.js';

/** `start`: the first minutes. */
export function startCommands(argv: Argv, notes: Line): void {
  argv.command(
    'start',
    'Start a directory and an echo bot on this machine and open the chat; without a terminal, play a tour.',
    (inner) =>
      inner
        .option('listen', {
          type: 'string',
          requiresArg: true,
          describe: 'HOST:PORT of the directory, so that others can join: 0.0.0.0:4000; else it is for this machine',
        })
        .epilogue('Example: p2pchat start --listen 0.0.0.0:4000'),
    notes.does(async (shell, parsed: StartOptions) => (await import('./start.js')).start(shell, parsed)),
  );
}
