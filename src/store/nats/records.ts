import type { StoredMsg } from '@nats-io/jetstream';
import { Queues } from '../../base/queues.js';
import { conflict, exists } from '../failures.js';
import { assertKey, assertValue, bounds } from '../keys.js';
import type { KeyedRecord, RangeOptions, Records, Revision, Versioned } from '../store.js';
import { type Cluster, WrongSequence } from './cluster.js';
import { seal, unseal } from './envelope.js';
import { filterFor, keyOf, subjectOf } from './subjects.js';

/** How many values are fetched at once while a range is read. */
const AT_ONCE = 32;

const NOTHING = new Uint8Array(0);

/** Deleted, and yet in the bucket: so that its revision is not given out again. */
const isDeleted = (message: StoredMsg): boolean => message.header.get('KV-Operation') !== '';

export interface RecordsInit {
  readonly cluster: Cluster;
  readonly stream: string;
  /** Before a key's subject: the bucket's own, and the space. */
  readonly prefix: string;
}

/**
 * Values in a key-value bucket (NATS ADR-8), as its tools show it. A value's revision is the sequence of its message.
 * Writes to one key follow each other, because what decides them may take several requests.
 */
export class NatsRecords implements Records {
  readonly #cluster: Cluster;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #turns = new Queues();

  constructor({ cluster, stream, prefix }: RecordsInit) {
    this.#cluster = cluster;
    this.#stream = stream;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<Versioned | undefined> {
    assertKey(key);
    this.#cluster.assertOpen();
    return this.#find(key);
  }

  create(key: string, value: Uint8Array): Promise<Revision> {
    return this.#write(key, value, async (sealed) => {
      for (let expect = 0; ; ) {
        try {
          return await this.#publish(key, sealed, expect);
        } catch (error) {
          if (!(error instanceof WrongSequence)) throw error;
          const there = await this.#last(key);
          if (there !== undefined && !isDeleted(there)) throw exists(key);
          expect = there?.seq ?? 0;
        }
      }
    });
  }

  replace(key: string, value: Uint8Array, expected: Revision): Promise<Revision> {
    return this.#write(key, value, (sealed) => this.#expecting(key, sealed, expected));
  }

  put(key: string, value: Uint8Array): Promise<Revision> {
    return this.#write(key, value, (sealed) => this.#whatever(key, sealed));
  }

  async delete(key: string, expected?: Revision): Promise<void> {
    await this.#write(key, NOTHING, async () => {
      if (expected !== undefined) return this.#expecting(key, undefined, expected);
      if ((await this.#find(key)) === undefined) return 0;
      return this.#whatever(key, undefined);
    });
  }

  async *range(options: RangeOptions = {}): AsyncGenerator<KeyedRecord> {
    const { limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    const keys = await this.keys(options);
    if (reverse) keys.reverse();
    let left = limit;
    for (let at = 0; at < keys.length && left > 0; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE);
      const found = await Promise.all(some.map((key) => this.#find(key)));
      for (const [index, key] of some.entries()) {
        const record = found[index];
        if (record === undefined) continue;
        yield { key, ...record };
        if (--left === 0) return;
      }
    }
  }

  async isEmpty(): Promise<boolean> {
    for (const key of await this.keys({})) {
      const message = await this.#last(key);
      if (message !== undefined && !isDeleted(message)) return false;
    }
    return true;
  }

  /** In order; of deleted ones, too. */
  async keys(options: RangeOptions): Promise<string[]> {
    const { from, to } = bounds(options);
    const filter = `${this.#prefix}.${filterFor(options.prefix ?? '')}`;
    const subjects = await this.#cluster.subjects(this.#stream, filter);
    const keys = subjects.map((subject) => keyOf(subject.slice(this.#prefix.length + 1)));
    return keys.filter((key) => key >= from && key < to).sort((a, b) => (a < b ? -1 : 1));
  }

  #write(key: string, value: Uint8Array, work: (sealed: Uint8Array) => Promise<Revision>): Promise<Revision> {
    try {
      assertKey(key);
      assertValue(value);
      this.#cluster.assertOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    const sealed = seal(this.#subject(key), value);
    return this.#turns.take(key, () => work(sealed));
  }

  async #expecting(key: string, sealed: Uint8Array | undefined, expected: Revision): Promise<Revision> {
    try {
      return await this.#publish(key, sealed, expected);
    } catch (error) {
      if (!(error instanceof WrongSequence)) throw error;
      const there = await this.#last(key);
      const revision = there === undefined || isDeleted(there) ? 0 : there.seq;
      throw conflict(`'${key}'`, { key, revision });
    }
  }

  /** In place of what is there: on the condition that it still is, so that who compares finds every change. */
  async #whatever(key: string, sealed: Uint8Array | undefined): Promise<Revision> {
    for (;;) {
      try {
        return await this.#publish(key, sealed, (await this.#last(key))?.seq ?? 0);
      } catch (error) {
        if (!(error instanceof WrongSequence)) throw error;
      }
    }
  }

  #publish(key: string, sealed: Uint8Array | undefined, expect: number): Promise<number> {
    return this.#cluster.publish({
      stream: this.#stream,
      subject: this.#subject(key),
      data: sealed ?? NOTHING,
      expect,
      ...(sealed === undefined && { operation: 'DEL' }),
    });
  }

  async #find(key: string): Promise<Versioned | undefined> {
    const message = await this.#last(key);
    if (message === undefined || isDeleted(message)) return undefined;
    return { value: unseal(message.subject, message.data), revision: message.seq };
  }

  #last(key: string): Promise<StoredMsg | undefined> {
    return this.#cluster.last(this.#stream, this.#subject(key));
  }

  #subject(key: string): string {
    return `${this.#prefix}.${subjectOf(key)}`;
  }
}
