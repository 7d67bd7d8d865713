import type { LocalStore, Step } from '../../store/local.js';
import type { KeyedRecord } from '../../store/store.js';
import type { Codec } from '../../wire/schema.js';
import { isUnreadable, type SetAside } from './set-aside.js';

/** Encrypts rows and hides their keys; made from the vault key (crypto/vault.ts). */
export interface RowCipher {
  seal(row: string, plaintext: Uint8Array): Uint8Array;
  /** @throws Failure 'storage' where a row was altered or put in another's place */
  open(row: string, bytes: Uint8Array): Uint8Array;
  /** A name that tells nothing of `text`, always the same for it. */
  blind(text: string): string;
}

/** Part of a row's key: names are blinded, numbers are kept so that rows stay in their order. */
export type KeyPart = string | number;

const SPACE = 'peer';
const NUMBER_DIGITS = 13;

export interface RowRange {
  /** Rows whose last number is below this. */
  readonly below?: number;
  /** Rows whose last number is this or above. */
  readonly from?: number;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** What the tables of a profile share. */
export interface Shelf {
  readonly store: LocalStore;
  readonly cipher: RowCipher;
  readonly aside: SetAside;
}

/** Rows of one kind in the peer's store: typed outside, ciphertext inside. One that can't be read is set aside, and missing. */
export class Table<T> {
  readonly #store: LocalStore;
  readonly #cipher: RowCipher;
  readonly #aside: SetAside;
  readonly #name: string;
  readonly codec: Codec<T>;

  constructor({ store, cipher, aside }: Shelf, name: string, codec: Codec<T>) {
    this.#store = store;
    this.#cipher = cipher;
    this.#aside = aside;
    this.#name = name;
    this.codec = codec;
  }

  async get(...parts: readonly KeyPart[]): Promise<T | undefined> {
    const key = this.#key(parts);
    const row = await this.#store.records(SPACE).get(key);
    return row && this.#open({ key, ...row });
  }

  /** In key order; `parts` are the first ones of the rows' keys, the range is over the number that follows them. */
  async *range(parts: readonly KeyPart[], range: RowRange = {}): AsyncGenerator<T> {
    yield* this.changedSince(0, parts, range);
  }

  /** Those of them written since the store gave out that revision; the others cost no decryption. */
  async *changedSince(revision: number, parts: readonly KeyPart[] = [], range: RowRange = {}): AsyncGenerator<T> {
    const prefix = `${this.#key(parts)}/`;
    const rows = this.#store.records(SPACE).range({
      from: range.from === undefined ? prefix : prefix + numeral(range.from),
      to: range.below === undefined ? `${prefix}~` : prefix + numeral(range.below),
      ...(range.limit !== undefined && { limit: range.limit }),
      ...(range.reverse !== undefined && { reverse: range.reverse }),
    });
    for await (const found of rows) {
      const row = found.revision > revision ? await this.#open(found) : undefined;
      if (row !== undefined) yield row;
    }
  }

  put(parts: readonly KeyPart[], value: T): Step {
    const key = this.#key(parts);
    return { kind: 'put', space: SPACE, key, value: this.#cipher.seal(key, this.codec.encode(value)) };
  }

  /** The same of a row that may change again before it is written: what it is then is written. */
  putLatest(parts: readonly KeyPart[], latest: () => T): Step {
    const key = this.#key(parts);
    const seal = (): Uint8Array => this.#cipher.seal(key, this.codec.encode(latest()));
    let value: Uint8Array | undefined;
    return {
      ...{ kind: 'put', space: SPACE, key },
      get value() {
        value ??= seal();
        return value;
      },
    };
  }

  remove(parts: readonly KeyPart[]): Step {
    return { kind: 'delete', space: SPACE, key: this.#key(parts) };
  }

  /** For a row that can be read and means nothing. */
  async setAside(parts: readonly KeyPart[], why: unknown): Promise<void> {
    const key = this.#key(parts);
    const row = await this.#store.records(SPACE).get(key);
    if (row) await this.#aside.put(this.#name, { key, ...row }, why);
  }

  async #open(row: KeyedRecord): Promise<T | undefined> {
    try {
      return this.codec.decode(this.#cipher.open(row.key, row.value));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      await this.#aside.put(this.#name, row, error);
      return undefined;
    }
  }

  #key(parts: readonly KeyPart[]): string {
    const words = parts.map((part) =>
      typeof part === 'number' ? numeral(part) : this.#cipher.blind(`${this.#name}:${part}`),
    );
    return [this.#name, ...words].join('/');
  }
}

const numeral = (value: number): string => String(value).padStart(NUMBER_DIGITS, '0');
