import { hasCode } from '../base/errors.js';
import type { RangeOptions, Records, Revision, Store } from '../store/store.js';
import type { Codec } from '../wire/schema.js';

export interface Row<T> {
  readonly key: string;
  readonly value: T;
  readonly revision: Revision;
}

/** Records of one kind, encoded by their schema. Keys are made by the store's `path`. */
export class Table<T> {
  readonly #records: Records;
  readonly #codec: Codec<T>;

  constructor(store: Store, space: string, codec: Codec<T>) {
    this.#records = store.records(space);
    this.#codec = codec;
  }

  async get(key: string): Promise<T | undefined> {
    return (await this.find(key))?.value;
  }

  async find(key: string): Promise<Row<T> | undefined> {
    const found = await this.#records.get(key);
    return found && { key, value: this.#codec.decode(found.value), revision: found.revision };
  }

  /** @returns whether it was not there before */
  async create(key: string, value: T): Promise<boolean> {
    try {
      await this.#records.create(key, this.#codec.encode(value));
      return true;
    } catch (error) {
      if (hasCode(error, 'store-exists')) return false;
      throw error;
    }
  }

  async put(key: string, value: T): Promise<void> {
    await this.#records.put(key, this.#codec.encode(value));
  }

  /**
   * Compare-and-set until it succeeds: `change` gets what is there now, and may be called several times.
   * @param change undefined leaves things as they are; what it throws ends the update
   * @returns what is stored now
   */
  async update(key: string, change: (value: T | undefined) => T | undefined): Promise<T | undefined> {
    for (;;) {
      const before = await this.find(key);
      const after = change(before?.value);
      if (after === undefined) return before?.value;
      try {
        if (before === undefined) await this.#records.create(key, this.#codec.encode(after));
        else await this.#records.replace(key, this.#codec.encode(after), before.revision);
        return after;
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
      yield { key, value: this.#codec.decode(value), revision };
    }
  }
}
