import type { Failure } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { LocalBus } from '../bus.js';
import { type Core, logsOf, recordsOf } from '../facade.js';
import { closed } from '../failures.js';
import { assertSpace, bounds } from '../keys.js';
import type { CheckReport, LocalStore, Step } from '../local.js';
import type {
  Blobs,
  BlobsOptions,
  KeyedRecord,
  LogEntry,
  Logs,
  RangeOptions,
  Records,
  SpaceKind,
  Versioned,
} from '../store.js';
import type { LevelBlobs } from './blobs.js';
import type { Op } from './commit.js';
import { type Database, scan } from './database.js';
import type { Engine } from './engine.js';
import { unsealRecord } from './envelope.js';
import { passes } from './failures.js';
import { ids, lastPart } from './ids.js';
import { spacesOf } from './spaces.js';

export interface LevelParts {
  readonly database: Database;
  readonly blobs: LevelBlobs;
  readonly engine: Engine;
  readonly log: Logger;
  /** Brings the store back after a failure that passes: the new engine, or throws the like again. */
  recover(): Promise<Engine>;
  check(): Promise<CheckReport>;
  /** Closes the files and lets other processes in. */
  close(): Promise<void>;
}

export class LevelStore implements LocalStore {
  readonly bus: LocalBus;
  readonly #parts: LevelParts;
  readonly #core: Core;
  #engine: Engine;
  #recovering: Promise<Engine> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LevelParts) {
    this.#parts = parts;
    this.#engine = parts.engine;
    this.bus = new LocalBus(parts.log);
    this.#core = this.#makeCore();
  }

  records(space: string): Records {
    return recordsOf(this.#core, space);
  }

  logs(space: string): Logs {
    return logsOf(this.#core, space);
  }

  blobs(space: string, { quota = Number.POSITIVE_INFINITY }: BlobsOptions = {}): Blobs {
    assertSpace(space);
    return this.#parts.blobs.space(space, quota);
  }

  async spaces(kind: SpaceKind): Promise<string[]> {
    this.#readable();
    return spacesOf(this.#parts.database, kind);
  }

  async write(steps: readonly Step[]): Promise<readonly number[]> {
    const engine = this.#writable();
    return (engine instanceof Promise ? await engine : engine).ledger.write(steps);
  }

  async check(): Promise<CheckReport> {
    this.#readable();
    return this.#parts.check();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** For what writes besides records and logs. */
  async commit(ops: readonly Op[]): Promise<void> {
    await (await this.#writable()).commit.add(ops);
  }

  /** For what reads besides. */
  assertReadable(): void {
    this.#readable();
  }

  /** A disk that fails elsewhere will fail here. */
  fail(failure: Failure): void {
    this.#engine.commit.fail(failure);
  }

  /** Synchronous unless the store has to recover first, so that writes keep the order in which they were issued. */
  #writable(): Engine | Promise<Engine> {
    if (this.#closing !== undefined) throw closed();
    if (!passes(this.#engine.commit.failure)) return this.#engine;
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #recover(): Promise<Engine> {
    this.#engine = await this.#parts.recover();
    this.#parts.log.info('store writes again');
    return this.#engine;
  }

  /** With a full disk it can still be read; after a write that failed otherwise nothing is certain. */
  #readable(): Engine {
    if (this.#closing !== undefined) throw closed();
    const { failure } = this.#engine.commit;
    if (failure !== undefined && !passes(failure)) throw failure;
    return this.#engine;
  }

  async #close(): Promise<void> {
    this.bus.close();
    await this.#recovering?.catch(() => {});
    await this.#engine.commit.stop(closed());
    await this.#parts.close();
  }

  #makeCore(): Core {
    return {
      write: (steps) => this.write(steps),
      get: (space, key) => this.#get(space, key),
      range: (space, options) => this.#range(space, options),
      read: (space, log, from, limit) => this.#read(space, log, from, limit),
      ends: async (space, log) => this.#readable().logs.ends(space, log),
      trim: async (space, log, before) => (await this.#writable()).logs.trim(space, log, before),
      deleteLog: async (space, log) => (await this.#writable()).logs.delete(space, log),
      logNames: (space, prefix) => this.#logNames(space, prefix),
    };
  }

  async #get(space: string, key: string): Promise<Versioned | undefined> {
    this.#readable();
    const id = ids.record(space, key);
    const sealed = await this.#parts.database.get(id);
    return sealed && unsealRecord(id, sealed);
  }

  async *#range(space: string, options: RangeOptions): AsyncGenerator<KeyedRecord> {
    this.#readable();
    const { from, to } = bounds(options);
    const interval = { ...options, from: ids.record(space, from), to: ids.record(space, to) };
    for await (const [id, sealed] of scan(this.#parts.database, interval)) {
      yield { key: lastPart(id), ...unsealRecord(id, sealed) };
    }
  }

  async *#read(space: string, log: string, from: number, limit: number): AsyncGenerator<LogEntry> {
    yield* this.#readable().logs.read(space, log, from, limit);
  }

  async *#logNames(space: string, prefix: string): AsyncGenerator<string> {
    this.#readable();
    const { from, to } = bounds({ prefix });
    const interval = { from: ids.ends(space, from), to: ids.ends(space, to) };
    for await (const [id] of scan(this.#parts.database, interval)) yield lastPart(id);
  }
}
