import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.js';
import type { ScreenParts } from '../src/cli/parts.js';
import { commands } from '../src/commands/commands.js';
import { pathOf } from '../src/commands/parse-unit.js';
import { judgePassword } from '../src/crypto/password.js';
import { runScreen } from '../src/tui/screen/run.js';
import { Settings, type SettingsFile } from '../src/tui/screen/settings.js';
import { canShowScreen } from '../src/tui/screen/terminal.js';
import { pastedFiles } from './pasted-files.js';
import { installed, preview } from './preview.js';
import { textEditor } from './text-editor.js';

/** The full-screen chat, with what it needs of the rest. */

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(pathOf(folder), { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
  } catch {
    return [];
  }
}

/** `screen.json` in the profile's folder. What can't be read or written is no reason not to chat. */
function settingsFile(home: string): SettingsFile {
  const path = join(home, 'screen.json');
  return {
    read() {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return undefined;
      }
    },
    write(text) {
      try {
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        renameSync(`${path}.new`, path);
      } catch {
        // A full disk is told of where it matters.
      }
    },
  };
}

/** By notify-send, where there is one and a desktop to show it. */
function desktop(title: string, text: string): boolean {
  const session = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY ?? '';
  if (session === '' || process.env.SSH_CONNECTION !== undefined || !installed('notify-send')) return false;
  const child = spawn('notify-send', ['--app-name=p2pchat', '--', title, text], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
  return true;
}

export const screenParts: ScreenParts = {
  canShow: () => canShowScreen(process.stdin, process.stdout, process.env),
  run: ({ directory, user, known, peer, signIn, signUp, byCode, open, greeting }) =>
    runScreen({
      input: process.stdin,
      output: process.stdout,
      env: process.env,
      clock: systemClock,
      start: peer
        ? { peer }
        : {
            entrance: {
              ...{ directory, user, known, signIn, signUp },
              ...(byCode !== undefined && { byCode }),
              strength: (password, name) => judgePassword(password, [name]),
            },
          },
      commands,
      listFolder,
      settings: (home) => new Settings(settingsFile(home)),
      pasted: (home) => pastedFiles(home, () => systemClock.now()),
      edit: (home) => textEditor(home, process.env),
      bidi: 'auto',
      desktop,
      preview,
      ...(open !== undefined && { open }),
      ...(greeting !== undefined && { greeting: () => greeting }),
    }),
};
