import { Failure } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/log.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { LocalBus } from '../../src/store/bus.js';
import { type Core, logsOf, recordsOf } from '../../src/store/facade.js';
import type { CheckReport, LocalStore, Step } from '../../src/store/local.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Blobs, BlobsOptions, Logs, Records, SpaceKind } from '../../src/store/store.js';
import type { Machine } from './machine.js';

type Change =
  | { readonly kind: 'write'; readonly steps: readonly Step[] }
  | { readonly kind: 'trim'; readonly space: string; readonly log: string; readonly before: number }
  | { readonly kind: 'delete log'; readonly space: string; readonly log: string };

/** What outlives a program: a disk in memory, which can be copied as it is. */
export class Disk {
  readonly memory = openMemoryStore();
  readonly #changes: Change[] = [];

  async apply(change: Change): Promise<readonly number[]> {
    const results = await applied(this.memory, change);
    this.#changes.push(change);
    return results;
  }

  async copy(): Promise<Disk> {
    const copy = new Disk();
    for (const change of this.#changes) await copy.apply(change);
    return copy;
  }
}

async function applied(memory: LocalStore, change: Change): Promise<readonly number[]> {
  if (change.kind === 'write') return memory.write(change.steps);
  const log = memory.logs(change.space).log(change.log);
  await (change.kind === 'trim' ? log.trim(change.before) : log.delete());
  return [];
}

export interface KillAt {
  readonly moment: 'before' | 'after';
  writes: number;
}

interface Waiting {
  readonly change: Change;
  resolve(results: readonly number[]): void;
  reject(error: unknown): void;
}

/** The longest that a write takes, milliseconds. */
const SLOWEST_MS = 4;

/**
 * A store on a disk, for one run of a program. Writes take a while and come to the disk in their order, those that wait together
 * in one go. Where the program is killed some of what it waited for is on the disk and some is not; nothing answers any more.
 */
export class OpenDisk implements LocalStore {
  readonly shared = false;
  readonly bus = new LocalBus(silentLogger);
  readonly #disk: Disk;
  readonly #machine: Machine;
  readonly #dice: Random;
  readonly #onWrite: (moment: 'before' | 'after') => void;
  readonly #core: Core;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  /** @param onWrite told before each flush, and when it is on the disk, before the program learns of it */
  constructor(disk: Disk, machine: Machine, dice: Random, onWrite: (moment: 'before' | 'after') => void) {
    this.#disk = disk;
    this.#machine = machine;
    this.#dice = dice;
    this.#onWrite = onWrite;
    this.#core = this.#makeCore();
    machine.whenKilled(() => this.#breakOff());
  }

  records(space: string): Records {
    return recordsOf(this.#core, space);
  }

  logs(space: string): Logs {
    return logsOf(this.#core, space);
  }

  blobs(space: string, options?: BlobsOptions): Blobs {
    return this.#disk.memory.blobs(space, options);
  }

  spaces(kind: SpaceKind): Promise<string[]> {
    return this.#disk.memory.spaces(kind);
  }

  check(): Promise<CheckReport> {
    return this.#disk.memory.check();
  }

  write(steps: readonly Step[]): Promise<readonly number[]> {
    // Values are made when they are asked for: they are as they were when the write was issued.
    const made = steps.map((step) => ('value' in step ? { ...step, value: step.value.slice() } : step));
    return this.#add({ kind: 'write', steps: made });
  }

  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    this.#closed = true;
    this.bus.close();
  }

  #add(change: Change): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new Failure('store-closed'));
    return new Promise((resolve, reject) => {
      if (!this.#machine.alive) return;
      this.#waiting.push({ change, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#machine.after(randomBelow(this.#dice, SLOWEST_MS * 1_000) / 1_000, resolve);
    });
    this.#onWrite('before');
    if (!this.#machine.alive) return;
    const batch = this.#waiting.splice(0);
    const told: (() => void)[] = [];
    for (const { change, resolve, reject } of batch) {
      await this.#disk.apply(change).then(
        (results) => told.push(() => resolve(results)),
        (error) => told.push(() => reject(error)),
      );
    }
    this.#onWrite('after');
    if (!this.#machine.alive) return;
    this.#flushing = this.#waiting.length > 0 ? this.#flush() : undefined;
    for (const tell of told) tell();
  }

  /** The first of what waits may be on the disk, though nobody was told. */
  #breakOff(): void {
    const batch = this.#waiting.splice(0);
    const most = randomBelow(this.#dice, batch.length + 1);
    for (const { change } of batch.slice(0, most)) this.#disk.apply(change).catch(() => {});
  }

  /** To a program that was killed nothing is said. */
  async #there(): Promise<void> {
    if (this.#closed) throw new Failure('store-closed');
    if (!this.#machine.alive) await new Promise(() => {});
  }

  #makeCore(): Core {
    const { memory } = this.#disk;
    const there = (): Promise<void> => this.#there();
    return {
      write: (steps) => this.write(steps),
      get: async (space, key) => {
        await there();
        return memory.records(space).get(key);
      },
      async *range(space, options) {
        await there();
        yield* memory.records(space).range(options);
      },
      async *read(space, log, from, limit) {
        await there();
        yield* memory.logs(space).log(log).read({ from, limit });
      },
      ends: async (space, log) => {
        await there();
        return memory.logs(space).log(log).ends();
      },
      trim: async (space, log, before) => void (await this.#add({ kind: 'trim', space, log, before })),
      deleteLog: async (space, log) => void (await this.#add({ kind: 'delete log', space, log })),
      async *logNames(space, prefix) {
        await there();
        yield* memory.logs(space).names({ prefix });
      },
    };
  }
}
