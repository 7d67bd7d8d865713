import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** What a shell makes of a program that SIGPIPE ended: 128 and the signal's number. */
const BROKEN_PIPE = 141;
const HANG_UP = 129;
const FAILED = 1;

const READER_GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

interface Lost {
  /** The exit status. */
  readonly status: number;
  /** For a person; nothing where the reader just had enough. */
  readonly words?: string;
}

/** What it means for the program that its output can't be written. */
export function lossOf({ code, message }: NodeJS.ErrnoException, isTerminal: boolean): Lost {
  if (READER_GONE.has(code ?? '')) return { status: BROKEN_PIPE };
  if (isTerminal) return { status: HANG_UP };
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no room left on the disk' : message;
  return {
    status: FAILED,
    words: `p2pchat: The output could not be written: ${why}. It is not complete.\n  Make room, or write it elsewhere, and give the command again.\n`,
  };
}

/**
 * To files and devices Node writes at once, and takes part of a piece for all of it (SyncWriteStream of Node 20): on a disk
 * that fills up the rest would be lost without an error. Here the rest is written, or its error is the stream's.
 */
export function writeWhole(stream: Writable & { readonly fd?: number; readonly _type?: string }): void {
  const { fd } = stream;
  if (stream._type !== 'fs' || fd === undefined) return;
  stream._write = (chunk: Uint8Array | string, encoding, done) => {
    try {
      let rest: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
}

/** Resolves when all that was written has left, or never will. */
export const flushed = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => setImmediate(resolve));
  });
