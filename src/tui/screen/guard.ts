import { constants } from 'node:os';
import { printable } from '../../wire/text.js';
import type { ScreenEnd, TerminalPort } from './port.js';

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

export interface Guard {
  /** Resolves when a signal asks the program to end. */
  readonly ended: Promise<ScreenEnd>;
  release(): void;
}

/**
 * Gives the terminal back before anything else happens when the program is asked to end or breaks: at a signal, at an
 * error nobody caught, and at the latest when the process exits.
 */
export function guardTerminal(terminal: TerminalPort): Guard {
  let end: (ended: ScreenEnd) => void = () => {};
  const ended = new Promise<ScreenEnd>((resolve) => {
    end = resolve;
  });
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      terminal.close();
      end({ status: 128 + constants.signals[signal] });
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  const broken = (error: unknown): void => {
    terminal.close();
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = text.split('\n').map(printable).join('\n');
    process.stderr.write(`p2pchat: ${lines}\nThis is a fault of the program: please report it.\n`);
    process.exit(1);
  };
  const exiting = (): void => terminal.close();
  process.on('uncaughtException', broken);
  process.on('exit', exiting);
  return {
    ended,
    release(): void {
      for (const remove of handlers) remove();
      process.off('uncaughtException', broken);
      process.off('exit', exiting);
    },
  };
}
