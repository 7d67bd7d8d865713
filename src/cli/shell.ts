import type { ReadStream, WriteStream } from 'node:tty';
import type { Clock } from '../base/clock.js';
import type { Scope } from '../base/scope.js';
import { homeFolder } from './home.js';
import { type Input, PipedInput, TerminalInput } from './input.js';
import { Output } from './output.js';
import type { Parts } from './parts.js';
import { Reader } from './reader.js';

/** The process as its commands see it. */
export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
}

/** What every command gets besides its own arguments. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly output: Output;
  /** Says it, and resolves when whoever reads the output has had it; is rejected where he went before. */
  hand(item: object, lines: readonly string[]): Promise<void>;
  readonly clock: Clock;
  readonly parts: Parts;
  /** Closed when the command ends, or when the process is told to. */
  readonly scope: Scope;
  /** Whether a person is at both ends. */
  readonly terminal: boolean;
  /** Opened when it is first used: a command that asks nothing leaves standard input alone. */
  input(): Input;
  /** Ending this command from outside is its proper end: SIGTERM and Ctrl-C give status 0. */
  endsWell(): void;
  /** SIGHUP does this instead of ending the command: for daemons, which have no terminal that could be gone. */
  onHangup(act: () => void): void;
  /** Ends the command, as a signal would. @param status the process's */
  interrupt(status: number): void;
}

interface ShellInit {
  readonly process: Process;
  readonly json: boolean;
  readonly clock: Clock;
  readonly parts: Parts;
  readonly scope: Scope;
  endsWell(): void;
  onHangup(act: () => void): void;
  interrupt(status: number): void;
}

const INTERRUPTED = 130;
const HUNG_UP = 129;

export function openShell({ process, json, ...rest }: ShellInit): Shell {
  const output = new Output(process.stdout, process.stderr, json);
  const reader = new Reader(process.stdout, rest.clock, rest.scope);
  let input: Input | undefined;
  const open = (): Input => {
    if (!process.stdin.isTTY) return new PipedInput(process.stdin);
    const end = (status: number) => () => rest.interrupt(status);
    const terminal = new TerminalInput(process.stdin, process.stderr, end(INTERRUPTED), end(HUNG_UP));
    output.around = (print) => terminal.above(print);
    return terminal;
  };
  rest.scope.defer(() => input?.close());
  return {
    ...rest,
    env: process.env,
    home: homeFolder(process.env),
    terminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    output,
    async hand(item, lines) {
      const left = output.hand(item, lines);
      const read = reader.read();
      await Promise.all([left, read]);
    },
    input() {
      input ??= open();
      return input;
    },
  };
}
