import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real processes of the program, waited for by what they say, never by time. */

export type Said = Readonly<Record<string, unknown>> & { readonly event?: string };

const bin = fileURLToPath(new URL('../../bin/p2pchat.js', import.meta.url));
/** A test that waits longer than this for something has failed. */
const PATIENCE_MS = 60_000;

interface Start {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than bin/p2pchat.js. */
  readonly program?: string;
  /** It is no program of ours: `within` ends with its name. */
  readonly bare?: boolean;
  /** What stands before it on its command line, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, where it is one JSON object a line. */
  readonly events: readonly Said[];
}

function parsed(line: string): Said {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return {};
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const saidIn = (text: string): Said[] => linesOf(text).map(parsed);

export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly words: readonly string[];
  stdout = '';
  stderr = '';
  readonly #watchers = new Set<() => void>();
  readonly #events: Said[] = [];
  /** As far as that is read into events. */
  #read = 0;
  #over = false;

  constructor(words: readonly string[], { home, env = {}, program = bin, within = [], bare = false }: Start) {
    this.words = words;
    const [command = process.execPath, ...args] = [...within, ...(bare ? [] : [process.execPath, program]), ...words];
    this.child = spawn(command, args, {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: home,
        P2PCHAT_HOME: home,
        TMPDIR: tmpdir(),
        P2PCHAT_LAN: 'off',
        P2PCHAT_MAPPING: 'off',
        ...env,
      },
      cwd: home,
    });
    this.child.stdin.on('error', () => {});
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#take('stdout', chunk));
    this.child.stderr.setEncoding('utf8').on('data', (chunk: string) => this.#take('stderr', chunk));
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      this.#over = true;
      for (const watcher of this.#watchers) watcher();
      return { status, signal, stdout: this.stdout, stderr: this.stderr, events: this.events };
    });
  }

  get lines(): string[] {
    return linesOf(this.stdout);
  }

  /** What it has said, read once each; the line that is still being said is read again. */
  get events(): Said[] {
    const end = this.stdout.lastIndexOf('\n') + 1;
    this.#events.push(...saidIn(this.stdout.slice(this.#read, end)));
    this.#read = end;
    return [...this.#events, ...saidIn(this.stdout.slice(end))];
  }

  /** The first thing it has said or will say that fits. */
  async event(fits: (said: Said) => boolean, what = String(fits)): Promise<Said> {
    return this.#until(() => this.events.find(fits), what);
  }

  /** The first `count` things that fit. */
  async several(count: number, fits: (said: Said) => boolean, what = `${count} × ${fits}`): Promise<Said[]> {
    return this.#until(() => {
      const found = this.events.filter(fits);
      return found.length >= count ? found.slice(0, count) : undefined;
    }, what);
  }

  async says(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    return this.#until(() => pattern.exec(this[stream])?.[0], String(pattern));
  }

  type(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  end(): void {
    this.child.stdin.end();
  }

  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  #take(stream: 'stdout' | 'stderr', chunk: string): void {
    this[stream] += chunk;
    for (const watcher of this.#watchers) watcher();
  }

  #until<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      const fail = (why: string): void => {
        stop();
        const shown = `p2pchat ${this.words.join(' ')} ${why} before ${what}\n${this.stdout}\n${this.stderr}`;
        reject(new Error(shown));
      };
      const watcher = (): void => {
        const found = look();
        if (found !== undefined) {
          stop();
          resolve(found);
        } else if (this.#over) fail('ended');
      };
      const timer = setTimeout(() => fail('waited too long'), PATIENCE_MS);
      this.#watchers.add(watcher);
      watcher();
    });
  }
}

/** Folders and processes of one test, gone when it ends. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'p2pchat-test-'));
  readonly #running = new Set<Running>();
  /** What stands before the command line of each process. */
  within: readonly string[] = [];
  #files = 0;

  /** A file with that content; its path. */
  file(content: string): string {
    const path = join(this.folder, `file-${++this.#files}`);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  start(words: readonly string[], start: Start): Running {
    const running = new Running(words, { within: this.within, ...start });
    this.#running.add(running);
    void running.ended.finally(() => this.#running.delete(running));
    return running;
  }

  /** To its end, with that on standard input. */
  run(words: readonly string[], { input = '', ...start }: Start & { readonly input?: string }): Promise<Ended> {
    const running = this.start(words, start);
    running.child.stdin.end(input);
    return running.ended;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
