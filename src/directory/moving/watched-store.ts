import type { Blobs, Bus, Log, Logs, Records, SpaceKind, Store } from '../../store/store.js';

/** What was written, by space and name. */
export class Written {
  readonly records = new Map<string, Set<string>>();
  /** Whether the log was deleted, and perhaps begun anew. */
  readonly logs = new Map<string, Map<string, boolean>>();
  readonly blobs = new Map<string, Set<string>>();

  get size(): number {
    return [...this.records.values(), ...this.logs.values(), ...this.blobs.values()].reduce(
      (sum, { size }) => sum + size,
      0,
    );
  }

  note(kind: SpaceKind, space: string, name: string, deleted: boolean): void {
    if (kind === 'logs') {
      const logs = this.logs.get(space) ?? new Map<string, boolean>();
      this.logs.set(space, logs.set(name, deleted || logs.get(name) === true));
      return;
    }
    this[kind].set(space, (this[kind].get(space) ?? new Set()).add(name));
  }
}

/** From its making to its end: everything that is written, once for each time it is asked. */
export interface Watch {
  /** What was written since the last time. What is under way is told when it is done. */
  take(): Written;
  end(): void;
}

/** The same store, whose writes can be watched, and held up for a moment. */
export class WatchedStore implements Store {
  readonly inner: Store;
  readonly bus: Bus;
  readonly #watches = new Set<Written[]>();
  #underWay = 0;
  #onIdle: () => void = () => {};
  /** Pending while no write may begin. */
  #held: Promise<void> | undefined;

  constructor(inner: Store) {
    this.inner = inner;
    this.bus = inner.bus;
  }

  records(space: string): Records {
    const inner = this.inner.records(space);
    const write = <T>(key: string, act: () => Promise<T>): Promise<T> => this.#write('records', space, key, act);
    return {
      get: (key) => inner.get(key),
      range: (options) => inner.range(options),
      create: (key, value) => write(key, () => inner.create(key, value)),
      replace: (key, value, expected) => write(key, () => inner.replace(key, value, expected)),
      put: (key, value) => write(key, () => inner.put(key, value)),
      delete: (key, expected) => write(key, () => inner.delete(key, expected)),
    };
  }

  logs(space: string): Logs {
    const inner = this.inner.logs(space);
    return { log: (name) => this.#log(space, name, inner.log(name)), names: (options) => inner.names(options) };
  }

  blobs(space: string, options?: { readonly quota?: number }): Blobs {
    const inner = this.inner.blobs(space, options);
    const write = <T>(key: string, act: () => Promise<T>): Promise<T> => this.#write('blobs', space, key, act);
    return {
      get: (key, range) => inner.get(key, range),
      stat: (key) => inner.stat(key),
      list: (listed) => inner.list(listed),
      usage: () => inner.usage(),
      put: (key, content, limits) => write(key, () => inner.put(key, content, limits)),
      delete: (key) => write(key, () => inner.delete(key)),
    };
  }

  spaces(kind: SpaceKind): Promise<string[]> {
    return this.inner.spaces(kind);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  watch(): Watch {
    const since = [new Written()];
    this.#watches.add(since);
    return {
      take: () => since.splice(0, 1, new Written())[0]!,
      end: () => void this.#watches.delete(since),
    };
  }

  /** Does it while nothing is being written: what was begun is done before, what comes meanwhile waits. One at a time. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    this.#held = held;
    try {
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
      return await work();
    } finally {
      // Those that wait come first, in their order: only behind them does a write begin at once again.
      void held.then(() => {
        this.#held = undefined;
      });
      release();
    }
  }

  #log(space: string, name: string, inner: Log): Log {
    const write = <T>(act: () => Promise<T>, deletes = false): Promise<T> =>
      this.#write('logs', space, name, act, deletes);
    return {
      read: (options) => inner.read(options),
      ends: () => inner.ends(),
      append: (value, options) => write(() => inner.append(value, options)),
      appendMany: (values, options) => write(() => inner.appendMany(values, options)),
      trim: (before) => write(() => inner.trim(before)),
      delete: () => write(() => inner.delete(), true),
    };
  }

  #write<T>(kind: SpaceKind, space: string, name: string, act: () => Promise<T>, deletes = false): Promise<T> {
    const begin = (): Promise<T> => {
      this.#underWay++;
      return act().finally(() => {
        // Also where it failed: it may have been done.
        for (const [since] of this.#watches) since!.note(kind, space, name, deletes);
        if (--this.#underWay === 0) this.#onIdle();
      });
    };
    return this.#held === undefined ? begin() : this.#held.then(begin);
  }
}
