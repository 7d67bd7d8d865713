import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from '../base/errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** sun_path has 104 bytes on macOS, 108 on Linux, the final NUL included. */
const PATH_BYTES = 100;
const NAME = 'control.sock';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

async function exact(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/** Where the control socket of a folder is: in it, or where its path is too long, in a private folder for such. */
export async function controlPath(folder: string, env: Environment): Promise<string> {
  const home = await exact(folder);
  if (process.platform === 'win32') return `\\\\.\\pipe\\p2pchat-${digest(home.toLowerCase())}`;
  const inside = join(home, NAME);
  if (Buffer.byteLength(inside) <= PATH_BYTES) return inside;
  const base = env.XDG_RUNTIME_DIR || tmpdir();
  return join(base, `p2pchat-${process.getuid?.() ?? 0}`, `${digest(home)}.sock`);
}

/**
 * Makes sure that nobody else can stand at the socket's place: its folder is ours alone.
 * @param chosen the user said where: then a folder like /tmp will do, in which others may add, but not take away what is ours
 * @throws Failure denied `control-folder`
 */
export async function secureFolder(path: string, chosen = false): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  const ours = found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  const sticky = chosen && (found.mode & 0o1000) !== 0;
  if (found.isDirectory() && (ours || sticky)) return;
  throw new Failure('denied', 'control-folder', `The folder ${folder} can be changed by others.`, {
    hint: `Make it your own: chmod 700 ${folder}.`,
  });
}
