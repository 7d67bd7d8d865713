import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';
import type { LogLevel } from '../base/log.js';
import { parseNatsAddress } from '../store/nats/address.js';
import type { NatsServers } from '../store/nats/connection.js';
import type { RegistrationMode } from '../wire/directory.js';
import type { Role } from '../wire/roles.js';
import { backUp, type ConsoleItem } from './console/commands.js';
import { runLine } from './console/console.js';
import { type Directory, type DirectoryOptions, startDirectory } from './directory.js';
import type { Guests } from './guests/serve.js';
import { DEFAULT_LIMITS, type DirectoryLimits, type UploadLimits } from './limits.js';
import { openLog } from './log/log.js';
import type { Figures } from './metrics/serve.js';
import type { SharedStore } from './open-database.js';
import { makeRoster, type RosterPerson } from './operator/roster.js';
import type { OwnRelayOptions } from './relays/own-relay.js';
import type { ListenAddress } from './server/server.js';

export interface DaemonOptions {
  /** The data folder, made if missing. */
  readonly data: string;
  /** HOST:PORT; port 0 picks one. */
  readonly listen: string;
  /** `level`, in the data folder, by default; or `nats://…` (store/nats/address.ts). */
  readonly store?: string;
  /** What opens the secrets in a store in NATS: the text of the key file, or a passphrase. */
  readonly storeKey?: string;
  /** Paths of files, for a store in NATS. */
  readonly nats?: Omit<NatsServers, 'servers'>;
  /** Ends the wait of one that stands by. */
  readonly signal?: AbortSignal;
  readonly registration?: RegistrationMode;
  readonly blockAfter?: number;
  readonly blockSeconds?: number;
  readonly requireSecondFactor?: Role;
  readonly rooms?: readonly string[];
  /** As of DirectoryOptions. */
  readonly marks?: string;
  readonly restored?: boolean;
  readonly limits?: Partial<DirectoryLimits>;
  readonly uploads?: Partial<UploadLimits>;
  /** The relay beside it: one with its defaults, if not given. */
  readonly relay?: OwnRelayOptions | 'off';
  /** HOST:PORT for figures by HTTP; none are kept, if not given. */
  readonly metrics?: string;
  /** Where guests come in by a browser: nowhere, if not given. */
  readonly guests?: { readonly listen: string; readonly url?: string; readonly cert?: string; readonly key?: string };
  readonly log?: DaemonLogOptions;
}

export interface DaemonLogOptions {
  /** A file, or `-` for standard output; by default directory.log in the data folder. */
  readonly to?: string;
  readonly level?: LogLevel;
  /** A file that has grown so long is put aside; what was put aside goes after so many days. */
  readonly maxBytes?: number;
  readonly keepDays?: number;
  /** Hears each line, as one reads it on a terminal. */
  readonly tell?: (line: string) => void;
}

const DAY_MS = 24 * 3_600_000;

/** A directory as a shell command runs it: with its log in the data folder, and its console by lines. */
export interface Daemon {
  readonly link: string;
  /** While there is no owner. */
  readonly ownerInvite?: string;
  /** Who may register, as it started. */
  readonly registration: RegistrationMode;
  /** Where the figures are, if they were asked for. */
  readonly metrics?: string;
  /** What links for guests begin with, if any are let in. */
  readonly guests?: string;
  /** One line of the console. @throws Failure */
  command(line: string): Promise<readonly ConsoleItem[]>;
  /** Copies the directory, as it is at one moment, into a folder. @throws Failure */
  backUp(to: string): Promise<readonly ConsoleItem[]>;
  /** Makes join codes. @throws Failure */
  roster(people: readonly RosterPerson[], days: number): Promise<readonly ConsoleItem[]>;
  /** Writes to a new file where somebody has moved the log's away. */
  reopenLog(): void;
  /** Resolves when it has ended; rejects with what ended it, if it wasn't told to. */
  readonly ended: Promise<void>;
  /** Finishes what is under way. Idempotent. */
  close(): Promise<void>;
}

/** @throws Failure usage 'listen-invalid', 'port-busy', 'listen-failed'; storage */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { data, listen, uploads, limits, metrics, log: wanted, store, storeKey, nats, relay = {}, ...more } = options;
  const { guests: door, ...rest } = more;
  const address = parseListen(listen);
  const kept = storeOf(store, storeKey, nats);
  const figures = metrics === undefined ? undefined : await figuresAt(parseListen(metrics));
  await mkdir(data, { recursive: true, mode: 0o700 });
  await chmod(data, 0o700);
  const log = await openLog({ to: join(data, 'directory.log'), ...wanted, errors: process.stderr });
  const guests = await guestsAt(door).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  try {
    const directory = await started(figures, {
      ...{ ...rest, data, listen: address, log, store: kept, meter: figures?.meter, guestsUrl: () => guests?.url },
      relay: relay === 'off' ? undefined : relay,
      limits: {
        ...limits,
        ...pairDayOf(relay),
        uploads: { ...DEFAULT_LIMITS.uploads, ...limits?.uploads, ...uploads },
      },
    });
    guests?.serve(directory);
    const ended = directory.ended.then(async (failure) => {
      await figures?.close();
      await guests?.close();
      await log.close();
      if (failure !== undefined) throw failure;
    });
    // Whoever started it may look later.
    ended.catch(() => {});
    return {
      link: directory.link,
      registration: directory.site.core.ownership.registration,
      ...(directory.ownerInvite !== undefined && { ownerInvite: directory.ownerInvite }),
      ...(figures !== undefined && { metrics: figures.url }),
      ...(guests !== undefined && { guests: guests.url }),
      command: (line) => runLine(directory, line),
      backUp: (to) => backUp(directory, to),
      roster: (people, days) => makeRoster(directory, people, days * DAY_MS),
      reopenLog: () => log.reopen(),
      ended,
      close: () => directory.close(),
    };
  } catch (error) {
    await guests?.close();
    await log.close();
    throw error;
  }
}

/** What a token promises two devices is what an account may have. */
const pairDayOf = (relay: OwnRelayOptions | 'off'): { readonly relayPairDay?: number } => {
  const pairDay = relay === 'off' ? undefined : relay.limits?.pairDay;
  return pairDay === undefined ? {} : { relayPairDay: pairDay };
};

/** @throws Failure usage 'store-address', 'key-file-needed' */
function storeOf(
  store: string | undefined,
  passphrase: string | undefined,
  files: Omit<NatsServers, 'servers'> | undefined,
): 'level' | SharedStore {
  if (store === undefined || store === 'level') return 'level';
  const address = parseNatsAddress(store);
  if (passphrase === undefined) throw new Failure('key-file-needed');
  return { ...address, ...files, passphrase };
}

/** Loaded where figures are asked for: the packages behind them take their time and memory. */
const figuresAt = async (address: ListenAddress): Promise<Figures> =>
  new (await import('./metrics/serve.js')).Figures(address);

/** Loaded where guests are let in. @throws Failure usage 'listen-invalid', 'guests-tls', and as `Guests.open` */
async function guestsAt(door: DaemonOptions['guests']): Promise<Guests | undefined> {
  if (door === undefined) return undefined;
  const { listen, url, cert, key } = door;
  if ((cert === undefined) !== (key === undefined)) throw new Failure('guests-tls');
  const { Guests } = await import('./guests/serve.js');
  return Guests.open({
    listen: parseListen(listen),
    ...(url !== undefined && { url }),
    ...(cert !== undefined && key !== undefined && { tls: { cert, key } }),
  });
}

/** With its figures, or not at all. */
async function started(figures: Figures | undefined, options: DirectoryOptions): Promise<Directory> {
  const directory = await startDirectory(options);
  try {
    await figures?.serve(directory);
    return directory;
  } catch (error) {
    await directory.close();
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
