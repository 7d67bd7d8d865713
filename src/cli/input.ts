import { createInterface, type Interface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { Failure } from '../base/errors.js';

/** Where a person or a script answers from: standard input. */
export interface Input {
  readonly terminal: boolean;
  /** The next line; undefined at the end. */
  line(prompt?: string): Promise<string | undefined>;
  /** The same without echo, where there is an echo. */
  secret(prompt: string): Promise<string | undefined>;
  /** Everything that is left. */
  rest(): Promise<string>;
  /** The same as it comes, of any length; undefined where a person sits. */
  bytes(): AsyncIterable<Buffer> | undefined;
  close(): void;
}

/** A line nobody types: whoever sends more without a line break is not answering a question. */
const LINE_BYTES = 1 << 20;

const tooLong = (): Failure =>
  new Failure('input-line', 'A line on standard input is too long.', {
    hint: `Keep lines under ${LINE_BYTES} bytes.`,
  });

/** Standard input that is a pipe or a file. Nothing is read before it is asked for. */
export class PipedInput implements Input {
  readonly terminal = false;
  readonly #stream: Readable;
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async line(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const at = this.#held.indexOf(0x0a, from);
      if (at >= 0) return this.#take(at, at + 1);
      from = this.#held.length;
      if (from > LINE_BYTES) throw tooLong();
      if (!(await this.#more())) return from === 0 ? undefined : this.#take(from, from);
    }
  }

  secret(): Promise<string | undefined> {
    return this.line();
  }

  async rest(): Promise<string> {
    while (await this.#more()) if (this.#held.length > LINE_BYTES) throw tooLong();
    return this.#take(this.#held.length, this.#held.length);
  }

  async *bytes(): AsyncGenerator<Buffer> {
    do {
      const held = this.#held;
      this.#held = Buffer.alloc(0);
      if (held.length > 0) yield held;
    } while (await this.#more());
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(end: number, next: number): string {
    const text = this.#held.toString('utf8', 0, end);
    this.#held = this.#held.subarray(next);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  /** Closing it in the middle of a read is its end, not an error. */
  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#source.next();
    } catch (error) {
      if (this.#stream.destroyed) return { done: true, value: undefined };
      throw error;
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#next();
    if (done) this.#ended = true;
    else this.#held = Buffer.concat([this.#held, value]);
    return !this.#ended;
  }
}

/** What readline draws, except while a secret is typed. */
class Veil extends Writable {
  down = false;
  readonly #screen: WriteStream;

  constructor(screen: WriteStream) {
    super();
    this.#screen = screen;
  }

  get columns(): number {
    return this.#screen.columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.down) this.#screen.write(chunk);
    done();
  }
}

/** Standard input that is a terminal: lines are edited, what is printed meanwhile stands above them. */
export class TerminalInput implements Input {
  readonly terminal = true;
  readonly #veil: Veil;
  readonly #screen: WriteStream;
  readonly #readline: Interface;
  readonly #lines: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #closed = false;

  /** @param onGone the terminal was closed under the program */
  constructor(keyboard: ReadStream, screen: WriteStream, onInterrupt: () => void, onGone: () => void) {
    this.#screen = screen;
    this.#veil = new Veil(screen);
    this.#readline = createInterface({ input: keyboard, output: this.#veil, terminal: true, prompt: '' });
    this.#readline.on('line', (line) => this.#settle(line));
    this.#readline.on('history', (history: string[]) => {
      if (this.#veil.down) history.shift();
    });
    // It hands on what its input fails by, but only until it is closed: a read that fails after that is heard as well.
    for (const source of [this.#readline, keyboard]) source.on('error', onGone);
    this.#readline.on('SIGINT', onInterrupt);
    this.#readline.on('close', () => {
      this.#closed = true;
      this.#waiting?.(undefined);
    });
  }

  line(prompt = ''): Promise<string | undefined> {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift());
    if (this.#closed) return Promise.resolve(undefined);
    this.#readline.setPrompt(prompt);
    this.#readline.prompt();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async secret(prompt: string): Promise<string | undefined> {
    this.#screen.write(prompt);
    this.#veil.down = true;
    try {
      return await this.line();
    } finally {
      this.#veil.down = false;
      this.#screen.write('\n');
    }
  }

  async rest(): Promise<string> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines.join('\n');
  }

  bytes(): undefined {
    return undefined;
  }

  /** Prints above the line that is being edited. */
  above(print: () => void): void {
    const editing = this.#waiting !== undefined && !this.#veil.down;
    if (editing) this.#screen.write('\r\x1b[K');
    print();
    if (editing) this.#readline.prompt(true);
  }

  close(): void {
    this.#readline.close();
  }

  #settle(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(line);
    else this.#lines.push(line);
  }
}
