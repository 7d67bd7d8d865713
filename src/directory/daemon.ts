import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';
import type { RegistrationMode } from '../wire/directory.js';
import type { Role } from '../wire/roles.js';
import type { ConsoleItem } from './console/commands.js';
import { runLine } from './console/console.js';
import { startDirectory } from './directory.js';
import { DEFAULT_LIMITS, type DirectoryLimits, type UploadLimits } from './limits.js';
import { openLogFile } from './log.js';
import type { ListenAddress } from './server/server.js';

export interface DaemonOptions {
  /** The data folder, made if missing. */
  readonly data: string;
  /** HOST:PORT; port 0 picks one. */
  readonly listen: string;
  readonly registration?: RegistrationMode;
  readonly blockAfter?: number;
  readonly blockSeconds?: number;
  readonly requireSecondFactor?: Role;
  readonly rooms?: readonly string[];
  readonly limits?: Partial<DirectoryLimits>;
  readonly uploads?: Partial<UploadLimits>;
}

/** A directory as a shell command runs it: with its log in the data folder, and its console by lines. */
export interface Daemon {
  readonly link: string;
  /** While there is no owner. */
  readonly ownerInvite?: string;
  /** One line of the console. @throws Failure */
  command(line: string): Promise<readonly ConsoleItem[]>;
  /** Resolves when it has ended; rejects with what ended it, if it wasn't told to. */
  readonly ended: Promise<void>;
  /** Finishes what is under way. Idempotent. */
  close(): Promise<void>;
}

/** @throws Failure usage 'listen-invalid', 'port-busy', 'listen-failed'; storage */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { data, listen, uploads, limits, ...rest } = options;
  const address = parseListen(listen);
  await mkdir(data, { recursive: true, mode: 0o700 });
  await chmod(data, 0o700);
  const log = await openLogFile({ file: join(data, 'directory.log'), errors: process.stderr });
  try {
    const directory = await startDirectory({
      ...{ ...rest, data, listen: address, log },
      limits: { ...limits, uploads: { ...DEFAULT_LIMITS.uploads, ...limits?.uploads, ...uploads } },
    });
    const ended = directory.ended.then(async (failure) => {
      await log.close();
      if (failure !== undefined) throw failure;
    });
    // Whoever started it may look later.
    ended.catch(() => {});
    return {
      link: directory.link,
      ...(directory.ownerInvite !== undefined && { ownerInvite: directory.ownerInvite }),
      command: (line) => runLine(directory, line),
      ended,
      close: () => directory.close(),
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** @throws Failure usage 'listen-invalid' */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) {
    throw new Failure('listen-invalid', 'that is not an address to listen on');
  }
  return { host: host === '' ? '::' : host, port: Number(port) };
}
