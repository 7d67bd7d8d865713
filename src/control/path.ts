import { createHash } from 'node:crypto';
import { constants, existsSync, type Stats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../base/errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** sun_path has 104 bytes on macOS, 108 on Linux, the final NUL included. */
const PATH_BYTES = 100;
const NAME = 'control.sock';
/** Where a process finds what it has open, under names that are short. */
const OPENED = '/proc/self/fd';
const hasOpened = process.platform === 'linux' && existsSync(OPENED);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

async function exact(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/**
 * Where the control socket of a folder is: in it. Only where its path would be too long for the system, in a folder of this
 * user's for such.
 */
export async function controlPath(folder: string, env: Environment): Promise<string> {
  const home = await exact(folder);
  if (process.platform === 'win32') return `\\\\.\\pipe\\p2pchat-${digest(home.toLowerCase())}`;
  const inside = join(home, NAME);
  if (hasOpened || Buffer.byteLength(inside) <= PATH_BYTES) return inside;
  const base = env.XDG_RUNTIME_DIR || tmpdir();
  return join(base, `p2pchat-${process.getuid?.() ?? 0}`, `${digest(home)}.sock`);
}

/** The place of a socket, held open: what is judged of its folder is true of the one that is used. */
export interface Place {
  /** Leads there while the place is open, and is short where the system allows. */
  readonly path: string;
  readonly folder: Stats;
  close(): Promise<void>;
}

export async function openPlace(path: string): Promise<Place> {
  const folder = dirname(path);
  if (!hasOpened) return { path, folder: await lstat(folder), close: async () => {} };
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `${OPENED}/${handle.fd}/${basename(path)}`,
    folder: await handle.stat(),
    close: () => handle.close(),
  };
}

const isOurs = ({ uid }: Stats): boolean => uid === process.getuid?.();

/**
 * Nobody else can stand at the socket's place, or put something there: its folder is ours alone.
 * @param chosen the user said where: then a folder like /tmp will do, in which others may add, but not take away what is ours
 * @throws Failure denied `control-folder`
 */
export function assertFolderOurs({ folder }: Place, path: string, chosen = false): void {
  const alone = isOurs(folder) && (folder.mode & 0o022) === 0;
  const sticky = chosen && (folder.mode & 0o1000) !== 0;
  if (folder.isDirectory() && (alone || sticky)) return;
  throw new Failure('control-folder', `The folder ${dirname(path)} can be changed by others.`, {
    hint: `Make it your own: chmod 700 ${dirname(path)}.`,
  });
}

/** What stands there was made by a program of ours, which let in nobody else. @throws Failure denied `control-socket` */
export function assertSocketOurs(found: Stats, path: string): void {
  if (isOurs(found) && (found.mode & 0o077) === 0) return;
  throw new Failure('control-socket', `What listens at ${path} isn't this user's alone.`, {
    hint: `Look who made it (ls -l ${path}), and remove it if nothing of yours runs.`,
  });
}
