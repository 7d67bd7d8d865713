import type { Argv } from 'yargs';
import { DIRECTORY, OPENING, PASSWORD_FILE } from '../options.js';
import type { Line } from './directory-options.js';
import type { JoinOptions } from './join.js';

/** `join`: onto a directory by a code, or into a group by its name. */
export function joinCommands(argv: Argv, notes: Line): void {
  argv.command(
    'join [group]',
    'Join a directory by a code that you were told; with the name of a group, enter that group.',
    (inner) =>
      inner
        .positional('group', { type: 'string', describe: 'a group, where you have an account already' })
        .options({
          ...OPENING,
          directory: { ...DIRECTORY, describe: 'HOST, HOST:PORT or a link, as it stands beside the code' },
          'code-file': { ...PASSWORD_FILE, describe: 'file with this in its first line: the code' },
          name: { type: 'string', requiresArg: true, describe: 'the user name; asked for if not given' },
          email: { type: 'string', requiresArg: true, describe: "for the directory's operator; optional" },
          plain: { type: 'boolean', describe: 'end once you have joined, instead of opening the chat' },
        })
        .epilogue('Example: p2pchat join --directory HOST'),
    notes.does(async (shell, parsed: JoinOptions) => (await import('./join.js')).join(shell, parsed)),
  );
}
