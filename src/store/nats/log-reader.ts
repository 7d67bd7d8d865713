import { DeliverPolicy, type StoredMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { damaged } from '../failures.js';
import type { LogEnds, LogEntry } from '../store.js';
import { type Batch, decodeBatch } from './batch.js';
import { type Cluster, expectedBy } from './cluster.js';
import { explain } from './failures.js';

/** A log as its last message tells. */
export interface Head extends LogEnds {
  /** Of the last message; 0: the log has none. */
  readonly seq: number;
}

/** A message of the log: which entries it holds, and where it lies in the stream. */
interface Placed extends Batch {
  readonly seq: number;
}

export interface LogReaderInit {
  readonly cluster: Cluster;
  readonly stream: string;
  readonly subject: string;
}

/** Where positions were found lately. */
const ANCHORS = 64;
/** Messages that are asked for one by one, before a consumer is made to deliver the rest. */
const ONE_BY_ONE = 24;
const FRUITLESS = 5;
const FETCH = 256;
const FETCH_MS = 5_000;

export class LogReader {
  readonly #init: LogReaderInit;
  /** Sequences by position. Each is at or before the message that holds the position, also after the log began anew. */
  readonly #anchors = new Map<number, number>();

  constructor(init: LogReaderInit) {
    this.#init = init;
  }

  async head(): Promise<Head> {
    const { cluster, stream, subject } = this.#init;
    const last = await cluster.last(stream, subject);
    if (last === undefined) return { seq: 0, first: 0, next: 0 };
    const { seq, first, position, values } = this.#placed(last);
    return { seq, first, next: position + values.length };
  }

  async *read(from: number, limit: number): AsyncGenerator<LogEntry> {
    let head = await this.head();
    let position = from;
    let left = limit;
    let message: Placed | undefined;
    let asked = 0;
    let fruitless = 0;
    while (left > 0) {
      position = Math.max(position, head.first);
      if (position >= head.next) {
        head = await this.head();
        if (position >= head.next) return;
      }
      const before = message?.seq;
      const more = asked++ >= ONE_BY_ONE && left > 1 ? this.#deliver(message, head.seq) : this.#next(message, position);
      for await (message of more) {
        for (const { position: at, value } of entriesFrom(message, position)) {
          yield { position: at, value };
          position = at + 1;
          if (--left === 0) return;
        }
      }
      if (message !== undefined && message.seq !== before) {
        fruitless = 0;
        continue;
      }
      // Trimmed, or deleted, while it was read: looked for anew.
      if (++fruitless > FRUITLESS) throw damaged(`entry ${position} of a log is missing (${this.#init.subject})`);
      message = undefined;
      head = await this.head();
    }
  }

  /** The sequence of the message that holds the position. */
  async find(position: number): Promise<number | undefined> {
    return (await this.#find(position))?.seq;
  }

  note(position: number, seq: number): void {
    this.#anchors.delete(position);
    this.#anchors.set(position, seq);
    if (this.#anchors.size > ANCHORS) this.#anchors.delete(this.#anchors.keys().next().value!);
  }

  forget(): void {
    this.#anchors.clear();
  }

  async *#next(before: Placed | undefined, position: number): AsyncGenerator<Placed> {
    const found = before === undefined ? await this.#find(position) : await this.#after(before.seq + 1);
    if (found !== undefined) yield found;
  }

  async #after(seq: number): Promise<Placed | undefined> {
    const { cluster, stream, subject } = this.#init;
    const found = await cluster.next(stream, subject, seq);
    return found && this.#placed(found);
  }

  /** By the nearest place known, else by halving: between the log's messages lie those of other logs. */
  async #find(position: number): Promise<Placed | undefined> {
    let low = 1;
    for (const [at, seq] of this.#anchors) if (at <= position && seq > low) low = seq;
    const nearest = await this.#after(low);
    if (nearest === undefined || holds(nearest, position) || nearest.position > position) return nearest;
    low = nearest.seq + 1;
    let { seq: high } = await this.head();
    let found: Placed | undefined;
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      const message = await this.#after(middle);
      if (message === undefined || ends(message) > position) {
        if (message !== undefined) found = message;
        high = middle - 1;
      } else low = message.seq + 1;
    }
    return found;
  }

  /** Everything up to the message with the sequence `last`, by a consumer that is gone afterwards. */
  async *#deliver(before: Placed | undefined, last: number): AsyncGenerator<Placed> {
    const { cluster, stream, subject } = this.#init;
    const start = (before?.seq ?? 0) + 1;
    const consumer = await cluster.ask(() =>
      cluster.jetstream.consumers.get(stream, {
        filter_subjects: subject,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: start,
        inactive_threshold: 30_000,
      }),
    );
    try {
      for (let seq = start - 1; seq < last; ) {
        let count = 0;
        for await (const message of await consumer.fetch({ max_messages: FETCH, expires: FETCH_MS })) {
          count++;
          const expected = expectedBy({ header: message.headers ?? headers() });
          const follows = expected === seq;
          seq = message.seq;
          if (follows || (await cluster.counts(stream, { subject, seq }, expected))) {
            yield { seq, ...decodeBatch(subject, message.data) };
          }
          if (seq >= last) return;
        }
        // Nothing within the time: asked for one by one it will come, or fail with a reason.
        if (count === 0) return;
      }
    } catch (error) {
      throw explain(error);
    } finally {
      await consumer.delete().catch(() => false);
    }
  }

  #placed(message: StoredMsg): Placed {
    const batch = decodeBatch(this.#init.subject, message.data);
    if (batch.values.length > 0) this.note(batch.position, message.seq);
    return { seq: message.seq, ...batch };
  }
}

const ends = ({ position, values }: Batch): number => position + values.length;
const holds = (message: Batch, position: number): boolean => message.position <= position && position < ends(message);

function* entriesFrom({ position, values }: Batch, from: number): Generator<LogEntry> {
  for (const [index, value] of values.entries())
    if (position + index >= from) yield { position: position + index, value };
}
