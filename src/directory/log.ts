import { rename, stat } from 'node:fs/promises';
import { type DestinationStream, destination, multistream, pino, stdTimeFunctions } from 'pino';
import type { LogFields, Logger } from '../base/log.js';

/** A log of this size is put aside at the next start; the one put aside before goes. */
const ROTATE_BYTES = 64 << 20;

export interface LogFile extends Logger {
  /** What was logged is on disk, as far as the disk takes it. */
  close(): Promise<void>;
}

export interface LogFileInit {
  /** Made if missing, mode 0600; JSON, one object a line. */
  readonly file: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Where errors go besides. */
  readonly errors?: DestinationStream;
}

/** The directory's log. The callers pass names, commands and outcomes; nothing else has a field here. */
export async function openLogFile({ file, level = 'info', errors }: LogFileInit): Promise<LogFile> {
  await rotate(file);
  const toFile = destination({ dest: file, mode: 0o600, append: true, sync: false, mkdir: false });
  // A full disk must not end the directory for the sake of its log.
  toFile.on('error', () => {});
  await new Promise<void>((resolve) => toFile.once('ready', resolve));
  const streams = [{ level, stream: toFile }, ...(errors ? [{ level: 'error' as const, stream: errors }] : [])];
  const log = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, multistream(streams));
  return {
    debug: (message: string, fields?: LogFields) => log.debug(fields ?? {}, message),
    info: (message: string, fields?: LogFields) => log.info(fields ?? {}, message),
    warn: (message: string, fields?: LogFields) => log.warn(fields ?? {}, message),
    error: (message: string, fields?: LogFields) => log.error(fields ?? {}, message),
    close: () =>
      new Promise((resolve) => {
        toFile.once('close', resolve);
        toFile.end();
      }),
  };
}

async function rotate(file: string): Promise<void> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > ROTATE_BYTES) await rename(file, `${file}.1`);
}
