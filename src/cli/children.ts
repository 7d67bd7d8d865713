import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from '../base/errors.js';
import type { Shell } from './shell.js';

export type Said = Readonly<Record<string, unknown>>;

/** What a program of ours has not said after this long, it won't say. */
const PATIENCE_MS = 60_000;

interface ChildInit {
  readonly program: string;
  readonly words: readonly string[];
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Another process of this program, speaking JSON. It is no part of the terminal's foreground, so that Ctrl-C is for this
 * process alone; the end of its standard input tells it to end, also when this process is killed.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #words: readonly string[];
  readonly #said: Said[] = [];
  readonly #watchers = new Set<() => void>();
  readonly ended: Promise<number>;
  #errors = '';
  #over = false;

  constructor({ program, words, home, env }: ChildInit) {
    this.#words = words;
    const { P2PCHAT_DIRECTORY: _, ...rest } = env;
    this.#process = spawn(process.execPath, [program, ...words, '--json'], {
      env: { ...rest, P2PCHAT_HOME: home },
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let held = '';
    this.#process.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (held + chunk).split('\n');
      held = lines.pop()!;
      this.#said.push(...lines.map((line) => JSON.parse(line) as Said));
      this.#look();
    });
    this.#process.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors += chunk;
    });
    this.#process.stdin!.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.#process.on('error', () => resolve(1));
      this.#process.on('close', (status) => resolve(status ?? 1));
    });
    void this.ended.then(() => {
      this.#over = true;
      this.#look();
    });
  }

  /** Everything it has said so far. */
  get said(): readonly Said[] {
    return this.#said;
  }

  /** The first thing it has said, or will say, that fits. @throws Failure `child-failed` where that doesn't come */
  event(fits: (said: Said) => boolean): Promise<Said> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = (): void => {
        const found = this.#said.find(fits);
        if (found === undefined && !this.#over) return;
        stop();
        if (found) resolve(found);
        else reject(this.#failed());
      };
      const timer = setTimeout(() => {
        stop();
        reject(this.#failed());
      }, PATIENCE_MS);
      this.#watchers.add(look);
      look();
    });
  }

  type(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  /** The end of its input; resolves with its status. */
  finish(): Promise<number> {
    this.#process.stdin!.end();
    return this.ended;
  }

  /** Resolves when it has ended, made to if need be. */
  async stop(): Promise<void> {
    this.#process.stdin!.end();
    this.#process.kill('SIGTERM');
    await this.ended;
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #failed(): Failure {
    const error = this.#said.findLast(({ event }) => event === 'error');
    const why = error === undefined ? this.#errors.trim() : `${error.message} ${error.hint}`;
    return new Failure('child-failed', `'p2pchat ${this.#words.slice(0, 2).join(' ')}' failed: ${why}`);
  }
}

/** Starts another process of this program, or of the one named; it ends with the shell's scope. */
export function startChild(
  shell: Shell,
  home: string,
  words: readonly string[],
  program: string = shell.parts.program,
): Child {
  const child = new Child({ program, words, home, env: shell.env });
  shell.scope.defer(() => child.stop());
  return child;
}
