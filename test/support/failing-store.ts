import { diskFull } from '../../src/store/failures.js';
import type { Blobs, Log, Records, Store } from '../../src/store/store.js';

/** A store whose writes can be made to fail as on a full disk: from the nth on, for one write or until there is room again. */
export class FailingStore {
  readonly #inner: Store;
  #left = Number.POSITIVE_INFINITY;
  #lasts = true;
  /** Writes refused since it was armed. */
  refused = 0;

  constructor(inner: Store) {
    this.#inner = inner;
  }

  /** @param lasts whether all after it fail as well, until `mend` */
  failAt(write: number, lasts: boolean): void {
    this.#left = write;
    this.#lasts = lasts;
    this.refused = 0;
  }

  mend(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  store(): Store {
    const inner = this.#inner;
    return {
      records: (space) => this.#guard<Records>(inner.records(space), ['create', 'replace', 'put', 'delete']),
      logs: (space) => {
        const logs = inner.logs(space);
        return {
          log: (name) => this.#guard<Log>(logs.log(name), ['append', 'appendMany', 'trim', 'delete']),
          names: (options) => logs.names(options),
        };
      },
      blobs: (space, options) => this.#guard<Blobs>(inner.blobs(space, options), ['put', 'delete']),
      spaces: (kind) => inner.spaces(kind),
      bus: inner.bus,
      close: () => inner.close(),
    };
  }

  #guard<T extends object>(target: T, writes: readonly (keyof T & string)[]): T {
    const guarded = Object.fromEntries(
      writes.map((name) => {
        const write = target[name] as unknown as (...args: unknown[]) => Promise<unknown>;
        return [name, async (...args: unknown[]) => (this.#refuses() ? Promise.reject(diskFull()) : write(...args))];
      }),
    );
    return { ...target, ...guarded };
  }

  #refuses(): boolean {
    const refuses = this.#left === 0 || (this.#left < 0 && this.#lasts);
    this.#left--;
    if (refuses) this.refused++;
    return refuses;
  }
}
