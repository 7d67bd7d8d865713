import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Failure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';

/** One line of a program's output. */
export type Told = Readonly<Record<string, unknown>> & { readonly event?: string };

const ENDING_MS = 10_000;

/** This program once more, as a process of its own with a profile of its own; what it says comes as JSON. */
export class Program {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<number>;
  #errors = '';

  /** Ends with the scope. */
  constructor(words: readonly string[], home: string, scope: Scope) {
    this.#child = spawn(process.execPath, [process.argv[1]!, ...words, '--json'], {
      env: { ...process.env, P2PCHAT_HOME: home },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'close').then(([status]) => Number(status ?? 1));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(JSON.parse(line) as Told));
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2_000);
    });
    this.#child.stdin!.on('error', () => {});
    void this.#exited.then(() => this.#look());
    scope.defer(async () => void (await this.end()));
  }

  /** The exit status. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  get told(): readonly Told[] {
    return this.#told;
  }

  write(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** The first thing said that fits, now or later. @throws Failure where the program ends without it */
  until(fits: (told: Told) => boolean): Promise<Told> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#told.find(fits);
        const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (found === undefined && !ended) return;
        this.#waiting.delete(look);
        if (found) resolve(found);
        else reject(this.#silent());
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Asks it to end and waits; idempotent. */
  async end(): Promise<number> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDING_MS);
    const status = await this.#exited;
    clearTimeout(late);
    return status;
  }

  #take(told: Told): void {
    this.#told.push(told);
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #silent(): Failure {
    const error = this.#told.find(({ event }) => event === 'error');
    const said = error ? `${error.message} ${error.hint}` : this.#errors.trim();
    return new Failure('internal', 'program-ended', `a part of this ended too early: ${said}`, {
      hint: 'Run it again; if it stays so, please report it.',
    });
  }
}
