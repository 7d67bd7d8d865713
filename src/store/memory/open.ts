import { type Logger, silentLogger } from '../../base/log.js';
import { LocalBus } from '../bus.js';
import { type Core, logsOf, recordsOf } from '../facade.js';
import { closed } from '../failures.js';
import { assertStep, type Change, judge } from '../judge.js';
import { assertSpace, bounds } from '../keys.js';
import type { CheckReport, LocalStore, Step } from '../local.js';
import type { Blobs, BlobsOptions, LogEnds, Logs, Records, SpaceKind, Versioned } from '../store.js';
import { MemoryBlobs } from './blobs.js';
import { SortedMap } from './sorted.js';

interface MemoryLog {
  first: number;
  entries: Uint8Array[];
}

/** For tests and throw-away runs: everything is gone when the process ends. */
export function openMemoryStore(options: { readonly log?: Logger } = {}): LocalStore {
  return new MemoryStore(options.log ?? silentLogger);
}

class MemoryStore implements LocalStore {
  readonly bus: LocalBus;
  readonly #records = new Map<string, SortedMap<Versioned>>();
  readonly #logs = new Map<string, SortedMap<MemoryLog>>();
  readonly #blobs = new Map<string, MemoryBlobs>();
  readonly #core: Core;
  #revision = 0;
  #closed = false;

  constructor(log: Logger) {
    this.bus = new LocalBus(log);
    this.#core = this.#makeCore();
  }

  records(space: string): Records {
    return recordsOf(this.#core, space);
  }

  logs(space: string): Logs {
    return logsOf(this.#core, space);
  }

  blobs(space: string, options: BlobsOptions = {}): Blobs {
    assertSpace(space);
    const blobs = of(this.#blobs, space, () => new MemoryBlobs(() => this.#assertOpen()));
    return blobs.limitedTo(options.quota ?? Number.POSITIVE_INFINITY);
  }

  async spaces(kind: SpaceKind): Promise<string[]> {
    this.#assertOpen();
    const sizes = {
      records: this.#records,
      logs: this.#logs,
      blobs: new Map([...this.#blobs].map(([space, blobs]) => [space, { size: blobs.total().blobs }])),
    }[kind];
    return [...sizes].flatMap(([space, { size }]) => (size > 0 ? [space] : [])).sort();
  }

  async write(steps: readonly Step[]): Promise<readonly number[]> {
    this.#assertOpen();
    steps.forEach(assertStep);
    const { changes, results } = judge(
      steps,
      {
        revision: (space, key) => this.#space(space).get(key)?.revision ?? 0,
        ends: (space, log) => this.#ends(space, log),
      },
      () => ++this.#revision,
    );
    for (const change of changes) this.#apply(change);
    return results;
  }

  async check(): Promise<CheckReport> {
    this.#assertOpen();
    const records = [...this.#records.values()].flatMap((space) =>
      space.range('', '\x7f').map(([, { value }]) => value),
    );
    const logs = [...this.#logs.values()].flatMap((space) => space.range('', '\x7f').map(([, log]) => log));
    const entries = logs.flatMap((log) => log.entries);
    const blobs = [...this.#blobs.values()].map((space) => space.total());
    const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
    return {
      records: records.length,
      entries: entries.length,
      blobs: sum(blobs.map((space) => space.blobs)),
      bytes: sum([...records, ...entries].map((value) => value.length)) + sum(blobs.map((space) => space.bytes)),
      problems: [],
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.bus.close();
  }

  #apply(change: Change): void {
    if (change.kind === 'set') {
      this.#space(change.space).set(change.key, { value: change.value.slice(), revision: change.revision });
    } else if (change.kind === 'remove') {
      this.#space(change.space).delete(change.key);
    } else {
      const logs = this.#logSpace(change.space);
      const log = logs.get(change.log) ?? { first: 0, entries: [] };
      log.entries.push(change.value.slice());
      logs.set(change.log, log);
    }
  }

  #makeCore(): Core {
    const assertOpen = () => this.#assertOpen();
    const space = (name: string) => this.#space(name);
    const logSpace = (name: string) => this.#logSpace(name);
    return {
      write: (steps) => this.write(steps),
      get: async (name, key) => {
        assertOpen();
        const found = space(name).get(key);
        return found && { value: found.value.slice(), revision: found.revision };
      },
      async *range(name, options) {
        assertOpen();
        const { from, to } = bounds(options);
        const all = space(name).range(from, to);
        for (const [key, { value, revision }] of (options.reverse ? all.reverse() : all).slice(0, options.limit)) {
          yield { key, value: value.slice(), revision };
        }
      },
      async *read(name, log, from, limit) {
        assertOpen();
        let left = limit;
        for (let position = from; left > 0; position++, left--) {
          const found = logSpace(name).get(log);
          if (found === undefined) return;
          position = Math.max(position, found.first);
          const value = found.entries[position - found.first];
          if (value === undefined) return;
          yield { position, value: value.slice() };
        }
      },
      ends: async (name, log) => {
        assertOpen();
        return this.#ends(name, log);
      },
      trim: async (name, log, before) => {
        assertOpen();
        const found = logSpace(name).get(log);
        if (found === undefined) return;
        const removed = found.entries.splice(0, Math.max(0, before - found.first));
        found.first += removed.length;
      },
      deleteLog: async (name, log) => {
        assertOpen();
        logSpace(name).delete(log);
      },
      async *logNames(name, prefix) {
        assertOpen();
        const { from, to } = bounds({ prefix });
        for (const [log] of logSpace(name).range(from, to)) yield log;
      },
    };
  }

  #ends(space: string, name: string): LogEnds {
    const log = this.#logSpace(space).get(name);
    return log === undefined ? { first: 0, next: 0 } : { first: log.first, next: log.first + log.entries.length };
  }

  #space(name: string): SortedMap<Versioned> {
    return of(this.#records, name, () => new SortedMap<Versioned>());
  }

  #logSpace(name: string): SortedMap<MemoryLog> {
    return of(this.#logs, name, () => new SortedMap<MemoryLog>());
  }

  #assertOpen(): void {
    if (this.#closed) throw closed();
  }
}

function of<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
