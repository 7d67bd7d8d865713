import { readdirSync } from 'node:fs';
import { systemClock } from '../src/base/clock.js';
import type { ScreenParts } from '../src/cli/parts.js';
import { judgePassword } from '../src/crypto/password.js';
import { commands } from '../src/peer/commands/table.js';
import { Checklist } from '../src/tui/model/checklist.js';
import { runScreen } from '../src/tui/screen/run.js';
import { canShowScreen } from '../src/tui/screen/terminal.js';

/** The full-screen chat, with what it needs of the rest. */

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
  } catch {
    return [];
  }
}

export const screenParts: ScreenParts = {
  canShow: () => canShowScreen(process.stdin, process.stdout, process.env),
  run: ({ directory, user, signIn, signUp, open, greeting }) =>
    runScreen({
      input: process.stdin,
      output: process.stdout,
      env: process.env,
      clock: systemClock,
      start: {
        entrance: {
          directory,
          user,
          signIn,
          signUp,
          strength: (password, name) => judgePassword(password, [name]),
        },
      },
      commands,
      listFolder,
      theme: 'dark',
      bidi: 'auto',
      mouse: true,
      checklist: new Checklist(open !== undefined),
      ...(open !== undefined && { open }),
      ...(greeting !== undefined && { greeting: () => greeting }),
    }),
};
