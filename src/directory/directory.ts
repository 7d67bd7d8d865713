import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { Failure } from '../base/errors.js';
import { type Logger, silentLogger } from '../base/log.js';
import { type Random, systemRandom } from '../base/random.js';
import { linkHost } from '../net/link-host.js';
import type { RegistrationMode } from '../wire/directory.js';
import { formatLink } from '../wire/link.js';
import type { Role } from '../wire/roles.js';
import { readCurrent, writeCurrent } from './current-database.js';
import { DEFAULT_LIMITS, type DirectoryLimits } from './limits.js';
import { markIn } from './mark.js';
import type { Meter } from './metrics/meter.js';
import { openServedDatabase, type ServedDatabase, type SharedStore } from './open-database.js';
import type { OwnRelayOptions } from './relays/own-relay.js';
import type { ListenAddress } from './server/server.js';

export interface DirectoryOptions {
  /** The data folder, made if missing; required unless the store is in memory. */
  readonly data?: string;
  readonly listen: ListenAddress;
  readonly store?: 'level' | 'memory' | SharedStore;
  /** Ends the wait of one that stands by. */
  readonly signal?: AbortSignal;
  /** As it was before, if not given; at the first start 'open'. */
  readonly registration?: RegistrationMode;
  /** Wrong passwords in a row which block a user name, and for how many seconds the first time. */
  readonly blockAfter?: number;
  readonly blockSeconds?: number;
  /** Accounts of this role, and of those above it, need a second factor; nobody does, if not given. */
  readonly requireSecondFactor?: Role;
  /** Names of the open rooms there are from the beginning; lobby, random and help by default. */
  readonly rooms?: readonly string[];
  /** A folder outside of the data, where it is remembered which start was the last: an older copy is known by that. */
  readonly marks?: string;
  /** The data was put back from a copy. */
  readonly restored?: boolean;
  readonly limits?: Partial<DirectoryLimits>;
  /** A relay on the same host; none, if not given. */
  readonly relay?: OwnRelayOptions | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** What links for guests begin with; undefined where none are let in. */
  readonly guestsUrl?: (() => string | undefined) | undefined;
  /** What is counted goes there. */
  readonly meter?: Meter | undefined;
}

/** A running directory. */
export interface Directory {
  /** The line that people need to join: p2pchat://HOST:PORT#FINGERPRINT. */
  readonly link: string;
  readonly port: number;
  /** While there is no owner: whoever registers with it is super-admin. */
  readonly ownerInvite: string | undefined;
  /** Name of the open database. */
  readonly database: string;
  readonly site: ServedDatabase;
  readonly log: Logger;
  /** Monotonic. */
  readonly startedAt: number;
  /** Whether new connections are taken. */
  accepting: boolean;
  /** Opens another database, or makes it, in place of the one that is open; the port stays. */
  switchTo(database: string): Promise<void>;
  /** Resolves when the directory has ended: with the failure that ended it, if one did. */
  readonly ended: Promise<Failure | undefined>;
  /** Finishes what is under way, says so to everybody, and closes. Idempotent. */
  close(): Promise<void>;
}

/** @throws Failure usage 'port-busy', 'listen-failed', 'data-needed'; storage */
export async function startDirectory(options: DirectoryOptions): Promise<Directory> {
  const running = new RunningDirectory(options);
  await running.start();
  return running;
}

const DEFAULT_DATABASE = 'main';

class RunningDirectory implements Directory {
  readonly ended: Promise<Failure | undefined>;
  readonly startedAt: number;
  readonly #options: DirectoryOptions;
  readonly log: Logger;
  #site: ServedDatabase | undefined;
  #database = DEFAULT_DATABASE;
  #listen: ListenAddress;
  #settle!: (failure: Failure | undefined) => void;
  #closing: Promise<void> | undefined;
  #switching: Promise<void> = Promise.resolve();

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.log = options.log ?? silentLogger;
    this.#listen = options.listen;
    this.startedAt = (options.clock ?? systemClock).monotonic();
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async start(): Promise<void> {
    const { data } = this.#options;
    if (this.#isDurable) {
      if (data === undefined) throw dataNeeded();
      await mkdir(data, { recursive: true, mode: 0o700 });
      await chmod(data, 0o700);
      this.#database = (await readCurrent(data)) ?? DEFAULT_DATABASE;
    }
    await this.#open(this.#database);
  }

  get site(): ServedDatabase {
    if (this.#site === undefined) throw new Failure('directory-ended');
    return this.#site;
  }

  get database(): string {
    return this.#database;
  }

  get port(): number {
    return this.#listen.port;
  }

  get link(): string {
    const { directoryId } = this.site.core.authority.trust;
    return formatLink({ host: linkHost(this.#listen.host), port: this.port, fingerprint: directoryId });
  }

  get ownerInvite(): string | undefined {
    return this.site.core.ownership.invite;
  }

  get accepting(): boolean {
    return this.site.server.admission.accepting;
  }

  set accepting(accepting: boolean) {
    this.site.server.admission.accepting = accepting;
    this.log.info(accepting ? 'accepting' : 'paused');
  }

  switchTo(database: string): Promise<void> {
    this.#switching = this.#switching.catch(() => {}).then(() => this.#switch(database));
    return this.#switching;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  get #isDurable(): boolean {
    return this.#options.store !== 'memory';
  }

  #keptIn(database: string): string | SharedStore | undefined {
    const { store, data } = this.#options;
    if (store === 'memory') return undefined;
    return store === undefined || store === 'level' ? join(data!, 'databases', database) : store;
  }

  async #switch(database: string): Promise<void> {
    if (this.#closing !== undefined || database === this.#database) return;
    if (!/^[a-z0-9][a-z0-9_-]{0,31}$/i.test(database)) throw databaseName();
    if (typeof this.#keptIn(database) !== 'string') throw memoryOnly();
    const before = this.#database;
    await this.site.close(stopping());
    try {
      await this.#open(database);
    } catch (error) {
      await this.#open(before);
      throw error;
    }
    await writeCurrent(this.#options.data!, database);
  }

  async #open(database: string): Promise<void> {
    const {
      clock = systemClock,
      random = systemRandom,
      limits,
      rooms,
      registration,
      blockAfter,
      blockSeconds,
      requireSecondFactor,
      meter,
      marks,
      restored,
      relay,
      guestsUrl,
    } = this.#options;
    const keptIn = this.#keptIn(database);
    const folder = typeof keptIn === 'string' ? keptIn : undefined;
    this.#site = await openServedDatabase({
      keptIn,
      signal: this.#options.signal ?? new AbortController().signal,
      ...(marks !== undefined && folder !== undefined && { mark: markIn(marks, { store: folder, log: this.log }) }),
      restored,
      listen: this.#listen,
      ...{
        clock,
        random,
        registration,
        rooms,
        blockAfter,
        requireSecondFactor,
        meter,
        relay,
        guestsUrl,
        log: this.log,
      },
      blockMs: blockSeconds === undefined ? undefined : blockSeconds * 1000,
      limits: { ...DEFAULT_LIMITS, ...limits },
      onBroken: (error) => this.#fail(error),
    });
    this.#database = database;
    this.#listen = { ...this.#listen, port: this.#site.server.port };
    this.log.info('listening', { database, port: this.port });
  }

  /** Nothing can be promised any more: better away than lying. */
  #fail(error: Failure): void {
    this.log.error('ending: the store cannot be written', { code: error.code });
    this.#closing ??= this.#close(error);
  }

  async #close(failure: Failure | undefined): Promise<void> {
    await this.#switching.catch(() => {});
    try {
      await this.#site?.close(stopping());
    } catch (error) {
      // The first failure is the one to tell; without one, whoever closes hears of this.
      if (failure === undefined) throw error;
    } finally {
      this.log.info('ended');
      this.#settle(failure);
    }
  }
}

const stopping = (): Failure => new Failure('directory-stopping');

const dataNeeded = (): Failure => new Failure('data-needed');

const databaseName = (): Failure => new Failure('database-name');

const memoryOnly = (): Failure => new Failure('database-memory');
