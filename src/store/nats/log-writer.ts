import { conflict } from '../failures.js';
import { MAX_VALUE_BYTES } from '../store.js';
import { encodeBatch } from './batch.js';
import { type Cluster, WrongSequence } from './cluster.js';
import type { Head, LogReader } from './log-reader.js';

export interface LogWriterInit {
  readonly cluster: Cluster;
  readonly stream: string;
  readonly subject: string;
  readonly name: string;
  readonly reader: LogReader;
}

/** An append that waits for its turn. */
interface Append {
  readonly values: readonly Uint8Array[];
  readonly expect: number | undefined;
  resolve(position: number): void;
  reject(error: unknown): void;
}

type Task = { readonly append: Append } | { readonly run: () => Promise<void> };

const MOST_ENTRIES = 4_096;

/**
 * Writes one log, one message at a time: what was appended meanwhile goes together in the next. Each message expects the
 * sequence of the one before it, so that of several nodes one is first, and the others look again.
 */
export class LogWriter {
  readonly #init: LogWriterInit;
  readonly #tasks: Task[] = [];
  #working = false;
  /** As we wrote or read it last; somebody else may have written since. */
  #head: Head | undefined;

  constructor(init: LogWriterInit) {
    this.#init = init;
  }

  get isBusy(): boolean {
    return this.#working;
  }

  append(values: readonly Uint8Array[], expect: number | undefined): Promise<number> {
    return new Promise((resolve, reject) => this.#add({ append: { values, expect, resolve, reject } }));
  }

  trim(before: number): Promise<void> {
    return this.#alone(() => this.#trim(before));
  }

  delete(): Promise<void> {
    return this.#alone(async () => {
      const { cluster, stream, subject, reader } = this.#init;
      this.#head = undefined;
      reader.forget();
      await cluster.purge(stream, subject);
    });
  }

  #alone(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ run: () => work().then(resolve, reject) }));
  }

  #add(task: Task): void {
    this.#tasks.push(task);
    if (this.#working) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    for (let task = this.#tasks[0]; task !== undefined; task = this.#tasks[0]) {
      if ('append' in task) await this.#write(this.#takeAppends());
      else {
        this.#tasks.shift();
        await task.run();
      }
    }
    this.#working = false;
  }

  /** Those in front, as many as go together in one message. */
  #takeAppends(): Append[] {
    const taken: Append[] = [];
    let bytes = 0;
    let entries = 0;
    for (let task = this.#tasks[0]; task !== undefined && 'append' in task; task = this.#tasks[0]) {
      bytes += task.append.values.reduce((sum, value) => sum + value.length, 0);
      entries += task.append.values.length;
      if (taken.length > 0 && (bytes > MAX_VALUE_BYTES || entries > MOST_ENTRIES)) break;
      taken.push(task.append);
      this.#tasks.shift();
    }
    return taken;
  }

  async #write(appends: readonly Append[]): Promise<void> {
    let left = appends;
    try {
      while (left.length > 0) {
        const known = this.#head !== undefined;
        this.#head ??= await this.#init.reader.head();
        const head = this.#head;
        const { taken, refused, positions } = judge(left, head.next);
        // What we know may be old: nobody is refused by that.
        if (refused.length > 0 && known) {
          this.#head = undefined;
          continue;
        }
        for (const { append, position } of refused) append.reject(moved(this.#init.name, position));
        left = taken;
        if (taken.length === 0) return;
        if (!(await this.#put(head, { first: head.first, values: taken.flatMap(({ values }) => values) }))) continue;
        for (const [index, append] of taken.entries()) append.resolve(positions[index]!);
        return;
      }
    } catch (error) {
      this.#head = undefined;
      for (const append of left) append.reject(error);
    }
  }

  /** @returns false where somebody else was first */
  async #put(head: Head, { first, values }: { first: number; values: readonly Uint8Array[] }): Promise<boolean> {
    const { cluster, stream, subject, reader } = this.#init;
    const data = encodeBatch(subject, { first, position: head.next, values });
    try {
      const seq = await cluster.publish({ stream, subject, data, expect: head.seq });
      this.#head = { seq, first, next: head.next + values.length };
      if (values.length > 0) reader.note(head.next, seq);
      return true;
    } catch (error) {
      this.#head = undefined;
      if (error instanceof WrongSequence) return false;
      throw error;
    }
  }

  /** Records where the log begins, then forgets the messages before; those that a crash leaves go with the next trim. */
  async #trim(before: number): Promise<void> {
    const { cluster, stream, subject, reader } = this.#init;
    for (;;) {
      const head = await reader.head();
      const first = Math.min(before, head.next);
      if (first <= head.first) return;
      if (!(await this.#put(head, { first, values: [] }))) continue;
      const oldest = first === head.next ? this.#head!.seq : ((await reader.find(first)) ?? 0);
      // Nothing lies before the first message; and to the servers a purge up to it is one of everything.
      if (oldest > 1) await cluster.purge(stream, subject, oldest);
      return;
    }
  }
}

interface Judgement {
  readonly taken: readonly Append[];
  readonly positions: readonly number[];
  readonly refused: readonly { readonly append: Append; readonly position: number }[];
}

/** Which appends have the position they expect, one after the other. */
function judge(appends: readonly Append[], next: number): Judgement {
  const taken: Append[] = [];
  const positions: number[] = [];
  const refused: { append: Append; position: number }[] = [];
  let position = next;
  for (const append of appends) {
    if (append.expect !== undefined && append.expect !== position) {
      refused.push({ append, position });
      continue;
    }
    taken.push(append);
    positions.push(position);
    position += append.values.length;
  }
  return { taken, positions, refused };
}

const moved = (log: string, position: number) => conflict(`The log '${log}'`, { log, position });
