import type { Failure } from '../base/errors.js';
import type { LogLevel } from '../base/log.js';
import type { AskCode } from '../peer/api/account.js';
import type { PeerApi } from '../peer/api/peer.js';
import type { Peers } from '../peer/api/peers.js';
import type { Role } from '../wire/directory.js';

/**
 * What the program is composed of. bin/ hands it in: the command line may not import the directory, and what a command
 * doesn't use is not loaded.
 */
export interface Parts {
  readonly version: string;
  /** The program's own file, for further processes of it. */
  readonly program: string;
  /** The echo bot, a program of its own. */
  readonly echoBot: string;
  readonly peer: () => Promise<Peers>;
  readonly directory: () => Promise<DirectoryParts>;
  readonly relay: () => Promise<RelayParts>;
  readonly screen: () => Promise<ScreenParts>;
}

/** The full-screen chat. */
export interface ScreenParts {
  /** Whether this terminal can show it; else there are lines. */
  canShow(): boolean;
  run(start: ScreenStart): Promise<ScreenEnd>;
}

export interface ScreenStart {
  readonly directory: string | undefined;
  /** The user of the profile, or the one that was named. */
  readonly user: string | undefined;
  /** A peer that runs already: then nobody signs in. */
  readonly peer?: PeerApi;
  /** Whether there is a profile. */
  readonly known: boolean;
  signIn(input: { directory: string; user: string; password: string }, askCode: AskCode): Promise<PeerApi>;
  signUp(input: { directory: string; user: string; password: string; invite?: string }): Promise<PeerApi>;
  /** Where there is no profile: lets this machine in by a code of another device. */
  byCode?(input: { code: string; directory: string }): Promise<PeerApi>;
  /** The conversation to open where nothing was said yet. */
  readonly open?: string;
  readonly greeting?: readonly string[];
}

export interface ScreenEnd {
  readonly status: number;
  readonly failure?: Failure;
  /** The last thing said before it ended by itself. */
  readonly said?: string;
}

export interface DirectoryOptions {
  readonly data: string;
  readonly listen: string;
  /** `level` or `nats://…`, and what opens the secrets in the latter. */
  readonly store?: string;
  readonly storeKey?: string;
  readonly nats?: NatsFiles;
  /** Ends the wait of one that stands by. */
  readonly signal?: AbortSignal;
  readonly registration?: 'open' | 'invite' | 'closed';
  readonly blockAfter?: number;
  readonly blockSeconds?: number;
  /** Of files for groups: bytes of one account and of all, and how long they are kept. */
  readonly uploads?: { readonly perAccount?: number; readonly total?: number; readonly lifetimeMs?: number };
  /** The UDP port of the relay beside it, and what that gives. */
  readonly relay?: 'off' | { readonly port?: number; readonly limits?: RelayLimits };
  /** Accounts of this role, and of those above it, need a second factor. */
  readonly requireSecondFactor?: Role;
  /** Open rooms there are from the beginning. */
  readonly rooms?: readonly string[];
  /** HOST:PORT for figures by HTTP. */
  readonly metrics?: string;
  /** HOST:PORT for guests, what their links begin with, and PEM files of a certificate and its key. */
  readonly guests?: { readonly listen: string; readonly url?: string; readonly cert?: string; readonly key?: string };
  readonly log?: {
    /** A file, or `-` for standard output. */
    readonly to?: string;
    readonly level?: LogLevel;
    readonly maxBytes?: number;
    readonly keepDays?: number;
    /** Hears each line, as one reads it on a terminal. */
    readonly tell?: (line: string) => void;
  };
  /** A folder outside of the data that remembers which start was the last. */
  readonly marks?: string;
  /** The data was put back from a copy. */
  readonly restored?: boolean;
}

/** Bytes a day: of all, of an account, of a pair of devices; and a second. */
export interface RelayLimits {
  readonly relayDay?: number;
  readonly accountDay?: number;
  readonly pairDay?: number;
  readonly relayRate?: number;
}

export interface RelayOptions {
  readonly directory: string;
  readonly listen: string;
  readonly data: string;
  /** Where devices find it, where that is not the address it listens on. */
  readonly name?: string;
  readonly limits?: RelayLimits;
}

export interface RelayParts {
  startStandaloneRelay(options: RelayOptions): Promise<{
    readonly line: string;
    readonly counters: {
      readonly bindings: number;
      readonly queued: number;
      readonly bytes: number;
      readonly datagrams: number;
      readonly dropped: Readonly<Record<string, number>>;
      readonly refused: Readonly<Record<string, number>>;
    };
    readonly ended: Promise<void>;
    close(): Promise<void>;
  }>;
}

/** Paths of files: credentials, a CA, a client certificate and its key. */
export interface NatsFiles {
  readonly credentials?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface DirectoryParts {
  startDirectory(options: DirectoryOptions): Promise<RunningDirectory>;
  /** Moves a stopped directory from one place to another: `level:DIR` or `nats://…` each. @throws Failure */
  migrate(options: StorePlace & { readonly from: string; readonly to: string }): Promise<StoreCounts>;
  /** Puts a backup into an empty store. @throws Failure */
  restore(
    options: StorePlace & { readonly from: string; readonly to: string },
  ): Promise<StoreCounts & { readonly at?: number }>;
  /** Reads everything a stopped directory keeps, and compares checksums. @throws Failure */
  check(place: string, options: StorePlace): Promise<StoreCounts & { readonly problems: readonly string[] }>;
}

/** What a store in NATS takes besides its address. */
export interface StorePlace {
  readonly storeKey?: string;
  readonly nats?: NatsFiles;
}

/** What a store holds. */
export interface StoreCounts {
  readonly records: number;
  /** Of logs. */
  readonly entries: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** One line of a roster. */
export interface RosterPerson {
  readonly line: number;
  readonly name: string;
  readonly group?: string;
}

export interface RunningDirectory {
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  readonly link: string;
  /** While there is no owner. */
  readonly ownerInvite?: string;
  readonly registration: 'open' | 'invite' | 'closed';
  /** Where the figures are, if they were asked for. */
  readonly metrics?: string;
  /** What links for guests begin with. */
  readonly guests?: string;
  /** One line of the console: `status`, `users`, `invite 3`. @throws Failure */
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

/** What the console says: an object for programs, lines for people. */
export interface ConsoleItem {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}
