import { type DestinationStream, destination, multistream, pino, stdTimeFunctions } from 'pino';
import { type Clock, systemClock } from '../../base/clock.js';
import { harmlessJson } from '../../base/json-line.js';
import type { LogFields, Logger, LogLevel } from '../../base/log.js';
import { LogFile } from './log-file.js';
import { spoken } from './said.js';

export interface DirectoryLog extends Logger {
  level: LogLevel;
  /** Whoever has moved the file away gets a new one in its place. */
  reopen(): void;
  /** What was logged is on disk, as far as the disk takes it. */
  close(): Promise<void>;
}

export interface DirectoryLogInit {
  /** A path, or `-` for standard output; JSON, one object a line. */
  readonly to: string;
  readonly level?: LogLevel | undefined;
  readonly maxBytes?: number | undefined;
  readonly keepDays?: number | undefined;
  /** Where errors go besides. */
  readonly errors?: DestinationStream;
  /** Hears every line, as one reads it on a terminal. */
  readonly tell?: ((line: string) => void) | undefined;
  readonly clock?: Clock;
}

interface Out {
  write(line: string): void;
  reopen(): void;
  close(): Promise<void> | void;
}

export const LOG_BYTES = 64 << 20;
export const LOG_DAYS = 30;

/** The directory's log. The callers pass names, commands and outcomes; nothing else has a field here. */
export async function openLog(init: DirectoryLogInit): Promise<DirectoryLog> {
  const { to, level = 'info', errors, tell, clock = systemClock } = init;
  const { maxBytes = LOG_BYTES, keepDays = LOG_DAYS } = init;
  const out = to === '-' ? standardOutput() : await LogFile.open({ file: to, clock, maxBytes, keepDays });
  // The level is the logger's, so that one word changes it; the streams take what comes.
  const streams = [
    { level: 'debug' as const, stream: gated(out) },
    ...(errors && to !== '-' ? [{ level: 'error' as const, stream: gated(errors) }] : []),
    ...(tell ? [{ level: 'debug' as const, stream: { write: (line: string) => tell(spoken(line)) } }] : []),
  ];
  const log = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, multistream(streams));
  return {
    get level() {
      return log.level as LogLevel;
    },
    set level(level) {
      log.level = level;
    },
    debug: (message: string, fields?: LogFields) => log.debug(fields ?? {}, message),
    info: (message: string, fields?: LogFields) => log.info(fields ?? {}, message),
    warn: (message: string, fields?: LogFields) => log.warn(fields ?? {}, message),
    error: (message: string, fields?: LogFields) => log.error(fields ?? {}, message),
    reopen: () => out.reopen(),
    close: async () => out.close(),
  };
}

/** Somebody reads it on a terminal. */
const gated = (stream: { write(line: string): void }): DestinationStream => ({
  write: (line) => stream.write(harmlessJson(line)),
});

/** For containers: whoever runs them keeps and turns over what is said there. */
function standardOutput(): Out {
  const out = destination({ dest: 1, sync: false });
  out.on('error', () => {});
  return { write: (line) => void out.write(line), reopen: () => {}, close: () => out.flushSync() };
}
