import { badName } from '../failures.js';
import { assertTogether } from '../judge.js';
import { assertKey, assertValue, bounds } from '../keys.js';
import type { AppendOptions, Log, LogEnds, LogEntry, Logs } from '../store.js';
import type { Cluster } from './cluster.js';
import { LogReader } from './log-reader.js';
import { LogWriter } from './log-writer.js';
import { filterFor, keyOf, subjectOf } from './subjects.js';

/** Writers kept while nobody uses them: each knows where its log ends, which spares a request. */
const KEPT = 4_096;

export interface LogsInit {
  readonly cluster: Cluster;
  readonly stream: string;
  /** Before a log's subject: the stream's own, and the space. */
  readonly prefix: string;
}

/** Logs of one space: a subject each, in a stream that all logs share. */
export class NatsLogs implements Logs {
  readonly #init: LogsInit;
  readonly #open = new Map<string, NatsLog>();

  constructor(init: LogsInit) {
    this.#init = init;
  }

  log(name: string): Log {
    assertKey(name);
    const known = this.#open.get(name);
    const log = known ?? new NatsLog(this.#init, name);
    this.#open.delete(name);
    this.#open.set(name, log);
    if (known === undefined && this.#open.size > KEPT) this.#forget();
    return log;
  }

  async *names({ prefix = '' }: { readonly prefix?: string } = {}): AsyncGenerator<string> {
    const { cluster, stream, prefix: space } = this.#init;
    const { from, to } = bounds({ prefix });
    const subjects = await cluster.subjects(stream, `${space}.${filterFor(prefix)}`);
    const names = subjects.map((subject) => keyOf(subject.slice(space.length + 1)));
    yield* names.filter((name) => name >= from && name < to).sort((a, b) => (a < b ? -1 : 1));
  }

  /** The longest unused one that is not being written. */
  #forget(): void {
    for (const [name, log] of this.#open) {
      if (log.isBusy) continue;
      this.#open.delete(name);
      return;
    }
  }
}

class NatsLog implements Log {
  readonly #cluster: Cluster;
  readonly #writer: LogWriter;
  readonly #reader: LogReader;

  constructor({ cluster, stream, prefix }: LogsInit, name: string) {
    const subject = `${prefix}.${subjectOf(name)}`;
    this.#cluster = cluster;
    this.#reader = new LogReader({ cluster, stream, subject });
    this.#writer = new LogWriter({ cluster, stream, subject, name, reader: this.#reader });
  }

  get isBusy(): boolean {
    return this.#writer.isBusy;
  }

  append(value: Uint8Array, options?: AppendOptions): Promise<number> {
    return this.appendMany([value], options);
  }

  async appendMany(values: readonly Uint8Array[], { expect }: AppendOptions = {}): Promise<number> {
    if (values.length === 0) throw badName('an append of nothing', '');
    values.forEach(assertValue);
    assertTogether(values);
    this.#cluster.assertOpen();
    return this.#writer.append(
      values.map((value) => value.slice()),
      expect,
    );
  }

  async *read({ from = 0, limit = Number.POSITIVE_INFINITY } = {}): AsyncGenerator<LogEntry> {
    this.#cluster.assertOpen();
    yield* this.#reader.read(from, limit);
  }

  async ends(): Promise<LogEnds> {
    this.#cluster.assertOpen();
    const { first, next } = await this.#reader.head();
    return { first, next };
  }

  async trim(before: number): Promise<void> {
    this.#cluster.assertOpen();
    await this.#writer.trim(before);
  }

  async delete(): Promise<void> {
    this.#cluster.assertOpen();
    await this.#writer.delete();
  }
}
