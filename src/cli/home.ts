import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** The XDG specification: a relative path in its variables is to be ignored. */
function dataFolder(env: Environment): string {
  const chosen = env.XDG_DATA_HOME;
  if (chosen?.startsWith('/')) return chosen;
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  return join(env.HOME || homedir(), '.local', 'share');
}

/** The folder for everything this installation keeps: `P2PCHAT_HOME`, else by XDG. */
export const homeFolder = (env: Environment): string =>
  env.P2PCHAT_HOME ? resolve(env.P2PCHAT_HOME) : join(dataFolder(env), 'p2pchat');

/** Where things are kept by default, for the help. */
export const KEPT =
  'Everything is kept in ~/.local/share/p2pchat, or in the folder that P2PCHAT_HOME names: the profile, received files in downloads/, the data of a directory in directory/.';
