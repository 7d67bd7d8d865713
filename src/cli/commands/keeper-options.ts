import type { Argv } from 'yargs';
import { OPENING } from '../options.js';
import type { Line } from './directory-options.js';
import type { KeeperOptions } from './keeper.js';
import type { KeeperInstallOptions } from './keeper-install.js';

const ACCEPT = {
  choices: ['all', 'contacts', 'none'] as const,
  requiresArg: true,
  describe: 'whose files are accepted without asking, besides the rules of autoaccept',
} as const;

/** `keeper`, and the service that runs one. */
export function keeperCommands(argv: Argv, notes: Line): void {
  argv.command(
    'keeper',
    'Run an always-on device of your account: it holds history, hands it on, and seeds what you have sent.',
    (inner) =>
      inner
        .command(
          'install',
          'Write a sandboxed systemd service that runs a keeper.',
          (options) =>
            options.options({
              unit: { type: 'string', requiresArg: true, describe: 'file; /etc/systemd/system/p2pchat-keeper.service' },
              'password-file': {
                type: 'string',
                requiresArg: true,
                describe: 'file that root alone may read; /etc/p2pchat/keeper.password',
              },
              accept: ACCEPT,
            }),
          notes.does(async (shell, parsed: KeeperInstallOptions) =>
            (await import('./keeper-install.js')).keeperInstall(shell, parsed),
          ),
        )
        .options({
          ...OPENING,
          accept: ACCEPT,
          to: { type: 'string', requiresArg: true, describe: 'folder for the files' },
        })
        .epilogue(
          'Example: p2pchat keeper --password-file secret --accept contacts --to ~/files\nIt holds the keys of the account: whoever controls the machine reads everything.',
        ),
    notes.does(async (shell, parsed: KeeperOptions) => (await import('./keeper.js')).keeper(shell, parsed)),
  );
}
