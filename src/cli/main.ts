import { systemClock } from '../base/clock.js';
import { toFailure } from '../base/errors.js';
import { Scope } from '../base/scope.js';
import { commands } from '../commands/commands.js';
import { endWithoutLostTerminals } from './lost-terminal.js';
import { Output } from './output.js';
import type { Parts } from './parts.js';
import { openShell, type Process } from './shell.js';
import { flushed, lossOf, writeWhole } from './standard-output.js';
import { runFromTable } from './table-commands.js';
import type { Action } from './yargs.js';

/** POSIX: 128 and the signal's number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** What ends a program in order that runs until it is ended. */
const PROPER: ReadonlySet<number> = new Set([SIGNALS.SIGINT, SIGNALS.SIGTERM]);

/**
 * At once, and with whatever is still open: process.exit would take threads down first, and koffi's poll handles in one of
 * them end that with a segmentation fault.
 */
function dieOf(signal: string, status: number): void {
  process.emit('exit', status);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Turns signals and an output that is closed or full into one interruption; a second signal does not wait any more. */
class Interruption {
  readonly status: Promise<number>;
  #settle!: (status: number) => void;
  #happened = false;
  #well = false;
  #lost = 0;
  /** What a hang-up means instead of the end. */
  onHangup: (() => void) | undefined;

  constructor() {
    this.status = new Promise((resolve) => {
      this.#settle = resolve;
    });
    for (const [signal, status] of Object.entries(SIGNALS)) {
      process.on(signal, () => {
        if (signal === 'SIGHUP' && this.onHangup !== undefined && !this.#happened) this.onHangup();
        else if (this.#happened) dieOf(signal, status);
        else this.happen(status);
      });
    }
    // Node's own handler opens the debugger, to whoever is on this machine.
    process.on('SIGUSR1', () => {});
    for (const stream of [process.stdout, process.stderr]) writeWhole(stream);
    process.stdout.on('error', (error) => this.#lose(error));
    process.stderr.on('error', () => {});
  }

  endsWell(): void {
    this.#well = true;
  }

  /** The status of an output that could not be written, where there was none other. */
  get lost(): number {
    return this.#well && this.#lost !== 1 ? 0 : this.#lost;
  }

  #lose(error: NodeJS.ErrnoException): void {
    if (this.#lost !== 0) return;
    const { status, words } = lossOf(error, process.stdout.isTTY === true);
    this.#lost = status;
    if (words !== undefined) process.stderr.write(words);
    this.#happened = true;
    this.#settle(this.lost);
  }

  happen(status: number): void {
    this.#happened = true;
    this.#settle(this.#well && PROPER.has(status) ? 0 : status);
  }
}

/** For whoever reads the output by program, also where the line itself is wrong. */
function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).includes('--json');
}

/** What the profile alone answers is one word, and has no use for a parser: loading it would be half of the time. */
async function read(words: readonly string[], version: string): Promise<Action | undefined> {
  const [name, ...more] = words.filter((word) => word !== '--json');
  const command = commands.find((each) => each.fromProfile !== undefined && each.name === name);
  if (command !== undefined && more.length === 0) {
    return (shell) => runFromTable(shell, command, { _: [command.name] });
  }
  const { parse } = await import('./yargs.js');
  return parse(words, version);
}

/** The whole program. @returns the exit status */
export async function main(words: readonly string[], parts: Parts): Promise<number> {
  const hasLostTerminal = endWithoutLostTerminals();
  const json = asksForJson(words);
  const scope = new Scope();
  const interruption = new Interruption();
  const report = (error: unknown): number => {
    // Whatever failed by its loss, as readline does before the signal is heard, is told to nobody.
    if (hasLostTerminal()) return SIGNALS.SIGHUP;
    const failure = toFailure(error);
    new Output(process.stdout, process.stderr, json).failure(failure);
    return failure.exit;
  };
  process.on('uncaughtException', (error) => {
    process.exitCode = report(error);
    new Output(process.stdout, process.stderr, false).note(...(error.stack ?? '').split('\n'));
    process.stderr.write('', () => process.exit());
  });
  const run = async (): Promise<number> => {
    const action = await read(words, parts.version);
    if (action === undefined) return 0;
    const shell = openShell({
      process: process as Process,
      json,
      clock: systemClock,
      parts,
      scope,
      endsWell: () => interruption.endsWell(),
      onHangup: (act) => {
        interruption.onHangup = act;
      },
      interrupt: (status) => interruption.happen(status),
    });
    await action(shell);
    return 0;
  };
  const status = await Promise.race([run().catch(report), interruption.status]);
  const final = await scope.close().then(() => status, report);
  // What is written last fails last.
  await flushed(process.stdout);
  return final === 0 ? interruption.lost : final;
}
