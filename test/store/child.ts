import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of test/store/children in a process of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  readonly lines: string[];
  /** Resolves when it has printed so many lines, or has ended. */
  printed(count: number): Promise<void>;
  /** Its signal or status, when it has ended and everything it printed was read. */
  readonly ended: Promise<string | number>;
}

/** @param runner a command to run it under */
export function startChild(name: string, args: readonly string[], runner: readonly string[] = []): Child {
  const script = fileURLToPath(new URL(`./children/${name}.js`, import.meta.url));
  const [command, ...rest] = [...runner, process.execPath, script, ...args];
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  let over = false;
  const ended = new Promise<string | number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      over = true;
      wake();
      resolve(signal ?? status ?? -1);
    });
  });
  const printed = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = () => {
        if (lines.length < count && !over) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { process: child, lines, printed, ended };
}
