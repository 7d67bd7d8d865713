import { Failure, hasCode } from '../base/errors.js';
import type { RangeOptions, Records, Revision, Store } from '../store/store.js';
import type { Codec } from '../wire/schema.js';

export interface Row<T> {
  readonly key: string;
  readonly value: T;
  readonly revision: Revision;
}

interface Update<T> {
  change(value: T | undefined): T | undefined;
  resolve(value: T | undefined): void;
  reject(error: unknown): void;
}

/** Told of a row that could not be read and was left out, once. */
export type OnUnreadable = (space: string, key: string) => void;

/**
 * Records of one kind, encoded by their schema. Keys are made by the store's `path`. A row that can't be read stays as it is,
 * so that nobody takes its name; whoever asks for it fails, and a walk goes past it where the table allows that.
 */
export class Table<T> {
  readonly #records: Records;
  readonly codec: Codec<T>;
  readonly #space: string;
  readonly #onUnreadable: OnUnreadable | undefined;
  readonly #told = new Set<string>();
  /** Updates that wait, by key; a key stays while one of its batches is under way. */
  readonly #waiting = new Map<string, Update<T>[]>();

  /** @param onUnreadable where given, walks leave out what can't be read; where not, they fail (revocations, accounts) */
  constructor(store: Store, space: string, codec: Codec<T>, onUnreadable?: OnUnreadable) {
    this.#space = space;
    this.#onUnreadable = onUnreadable;
    this.#records = store.records(space);
    this.codec = codec;
  }

  async get(key: string): Promise<T | undefined> {
    return (await this.find(key))?.value;
  }

  async find(key: string): Promise<Row<T> | undefined> {
    const found = await this.#records.get(key);
    return found && { key, value: this.#decode(found.value), revision: found.revision };
  }

  /** @returns whether it was not there before */
  async create(key: string, value: T): Promise<boolean> {
    try {
      await this.#records.create(key, this.codec.encode(value));
      return true;
    } catch (error) {
      if (hasCode(error, 'store-exists')) return false;
      throw error;
    }
  }

  async put(key: string, value: T): Promise<void> {
    await this.#records.put(key, this.codec.encode(value));
  }

  /**
   * Compare-and-set until it succeeds: `change` gets what is there now, and may be called several times. Updates of one row
   * queue up, and those that wait share one write: many at once cost little more than one.
   * @param change undefined leaves things as they are; what it throws ends this update, and no other
   * @returns what is stored now, as this change left it
   */
  update(key: string, change: (value: T | undefined) => T | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const update = { change, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting !== undefined) {
        waiting.push(update);
        return;
      }
      this.#waiting.set(key, [update]);
      void this.#serve(key);
    });
  }

  async #serve(key: string): Promise<void> {
    for (let batch = this.#waiting.get(key)!.splice(0); batch.length > 0; batch = this.#waiting.get(key)!.splice(0)) {
      try {
        for (const settle of await this.#write(key, batch)) settle();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#waiting.delete(key);
  }

  /** @returns what tells each how it went */
  async #write(key: string, batch: readonly Update<T>[]): Promise<(() => void)[]> {
    for (;;) {
      const before = await this.find(key);
      let value = before?.value;
      const settles = batch.map(({ change, resolve, reject }) => {
        try {
          value = change(value) ?? value;
          const mine = value;
          return () => resolve(mine);
        } catch (error) {
          return () => reject(error);
        }
      });
      if (value === undefined || value === before?.value) return settles;
      try {
        if (before === undefined) await this.#records.create(key, this.codec.encode(value));
        else await this.#records.replace(key, this.codec.encode(value), before.revision);
        return settles;
      } catch (error) {
        if (!hasCode(error, 'store-exists') && !hasCode(error, 'store-conflict')) throw error;
      }
    }
  }

  /** @returns whether it was as read; false where somebody else changed or deleted it meanwhile */
  async deleteAs(row: Row<T>): Promise<boolean> {
    try {
      await this.#records.delete(row.key, row.revision);
      return true;
    } catch (error) {
      if (hasCode(error, 'store-conflict')) return false;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#records.delete(key);
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<Row<T>> {
    for await (const { key, value, revision } of this.#records.range(options)) {
      let row: Row<T>;
      try {
        row = { key, value: this.#decode(value), revision };
      } catch (error) {
        if (this.#onUnreadable === undefined || !hasCode(error, 'row-damaged')) throw error;
        if (!this.#told.has(key)) this.#onUnreadable(this.#space, key);
        this.#told.add(key);
        continue;
      }
      yield row;
    }
  }

  /** @throws Failure storage 'row-damaged' */
  #decode(value: Uint8Array): T {
    try {
      return this.codec.decode(value);
    } catch (cause) {
      throw new Failure('row-damaged', `the directory cannot read what it keeps in '${this.#space}' of this`, {
        hint: 'Its operator has to restore it from a backup; everything else goes on.',
        details: { space: this.#space },
        cause,
      });
    }
  }
}
