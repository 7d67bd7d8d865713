import { closed } from '../failures.js';
import type { Op } from './commit.js';
import type { Database, Page, PageOptions } from './database.js';
import { explainRead } from './failures.js';

function refuse(error: unknown): never {
  throw explainRead(error);
}

/** A database that can be closed and opened anew under those who use it: they wait meanwhile and notice nothing. */
export class Gate implements Database {
  #inner: Database | undefined;
  #busy = 0;
  #shut: Promise<void> | undefined;
  #closed = false;
  #idle: () => void = () => {};
  /** Why there is no database, when opening it anew failed. */
  #missing: unknown;

  constructor(inner: Database) {
    this.#inner = inner;
  }

  get(id: string): Promise<Uint8Array | undefined> {
    return this.#use((inner) => inner.get(id).catch(refuse));
  }

  page(options: PageOptions): Promise<Page> {
    return this.#use((inner) => inner.page(options).catch(refuse));
  }

  write(ops: readonly Op[]): Promise<void> {
    return this.#use((inner) => inner.write(ops));
  }

  /** Closes the database and takes the one that `open` makes. If that fails, uses fail likewise until the next try. */
  async exchange(open: () => Promise<Database>): Promise<void> {
    await this.#shutWhile(async () => {
      const old = this.#inner;
      this.#inner = undefined;
      await old?.close();
      try {
        this.#inner = await open();
      } catch (error) {
        this.#missing = error;
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#shutWhile(async () => this.#inner?.close());
  }

  async #use<T>(work: (inner: Database) => Promise<T>): Promise<T> {
    while (this.#shut !== undefined && !this.#closed) await this.#shut;
    if (this.#closed) throw closed();
    if (this.#inner === undefined) throw this.#missing;
    this.#busy++;
    try {
      return await work(this.#inner);
    } finally {
      if (--this.#busy === 0) this.#idle();
    }
  }

  /** Runs `work` when every use has ended; new ones wait until it is done. */
  async #shutWhile(work: () => Promise<void>): Promise<void> {
    while (this.#shut !== undefined) await this.#shut;
    let reopen: () => void = () => {};
    this.#shut = new Promise((resolve) => {
      reopen = resolve;
    });
    try {
      if (this.#busy > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
      }
      await work();
    } finally {
      this.#shut = undefined;
      reopen();
    }
  }
}
