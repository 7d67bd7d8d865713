import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { base64url } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Manifest } from '../../wire/transfer-manifest.js';
import { Layout } from '../protocol/layout.js';
import { containerOf, type ReadAt } from './container.js';

/**
 * Lets a player show a file while it arrives: HTTP with ranges (RFC 9110 §14) on loopback, under a path nobody guesses. A
 * read waits until its blocks are there, and asks for them before everything else; so seeking, and files with their index at
 * the end, work. Nothing is served before the first bytes have shown that it is a film or music.
 */

/** What is played: a transfer that is arriving, and where its content can be read. */
export interface Playable {
  readonly manifest: Manifest;
  /** Which file of the manifest. */
  readonly file: number;
  /** Where the file is now: under its hidden folder, later in its place. */
  path(): string;
  /** As of IncomingTransfer. */
  want(from: number, to: number): void;
  available(from: number): number;
  /** Called when more has come; the function it gives back ends that. */
  onMore(listener: () => void): () => void;
}

export interface PlayerServer {
  /** For mpv, VLC or a browser. */
  readonly url: string;
  close(): Promise<void>;
}

/** Read at once; also how far ahead of the player blocks are asked for first. */
const PIECE_BYTES = 256 << 10;
const AHEAD_BYTES = 8 << 20;
const MOVE_TRIES = 40;
const MOVE_WAIT_MS = 25;

const ENDINGS: ReadonlySet<string> = new Set(
  '.mp4 .m4v .mkv .webm .mov .avi .mpg .ts .flv .mp3 .m4a .aac .ogg .oga .ogv .opus .flac .wav .aiff'.split(' '),
);

/** By which players know what it is; nothing where it could make them take it for something else. */
function endingOf(path: string): string {
  const ending = extname(path).toLowerCase();
  return ENDINGS.has(ending) ? ending : '';
}

interface Wanted {
  readonly from: number;
  /** Not in it. */
  readonly to: number;
}

/** @returns the one range asked for, null for none or one not understood, 'unsatisfiable' for one outside */
function rangeOf(header: string | undefined, size: number): Wanted | null | 'unsatisfiable' {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null || (found[1] === '' && found[2] === '')) return null;
  const from = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const last = found[1] === '' || found[2] === '' ? size - 1 : Math.min(Number(found[2]), size - 1);
  return from > last || from >= size ? 'unsatisfiable' : { from, to: last + 1 };
}

/** @throws Failure usage 'no-such-file' where the manifest has no such file, 'not-playable' where it is no film and no music */
export async function servePlayer(playable: Playable, random: Random): Promise<PlayerServer> {
  const file = playable.manifest.files[playable.file];
  if (file === undefined) {
    throw new Failure('no-such-file', 'the transfer has no such file', { hint: 'List it with /transfers.' });
  }
  const known = await containerOf(whatIsHere(playable));
  if (known === 'unknown') throw new Failure('not-playable');
  const typeOnceHere = lookedAtOnce(playable, known);
  const path = `/${base64url(random.bytes(24))}/film${endingOf(file.path)}`;
  const closing = new AbortController();
  const server = createServer((request, response) => {
    if (request.url !== path || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    answer(playable, typeOnceHere, request, response, closing.signal).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type TypeOnceHere = (gone: AbortSignal) => Promise<string>;

/** The type, once the first bytes are here: a player asks for many ranges of a file that begins always alike. */
function lookedAtOnce(playable: Playable, known: string): TypeOnceHere {
  let type = known;
  return async (gone) => {
    if (type !== 'not-here') return type;
    const found = await containerOf(whatComes(playable, gone));
    if (found !== 'not-here') type = found;
    return found;
  };
}

async function answer(
  playable: Playable,
  typeOnceHere: TypeOnceHere,
  request: IncomingMessage,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once('close', leave);
  closing.addEventListener('abort', leave, { once: true });
  try {
    const type = await typeOnceHere(gone.signal);
    if (gone.signal.aborted) return;
    if (type === 'unknown') response.writeHead(415).end();
    else await answerAs(type, playable, request, response, gone.signal);
  } finally {
    closing.removeEventListener('abort', leave);
  }
}

async function answerAs(
  type: string,
  playable: Playable,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const { size } = playable.manifest.files[playable.file]!;
  const range = rangeOf(request.headers.range, size);
  const headers = { 'accept-ranges': 'bytes', 'content-type': type, 'x-content-type-options': 'nosniff' };
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}` }).end();
    return;
  }
  const { from, to } = range ?? { from: 0, to: size };
  const partial = range === null ? {} : { 'content-range': `bytes ${from}-${to - 1}/${size}` };
  response.writeHead(range === null ? 200 : 206, { ...headers, ...partial, 'content-length': to - from });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await pour(playable, { from, to }, response, gone);
}

/** Bytes of the file, of which `there` says whether they are here. */
async function bytesAt(
  playable: Playable,
  at: number,
  length: number,
  there: (from: number, to: number) => Promise<boolean>,
): Promise<Uint8Array | undefined> {
  const { size } = playable.manifest.files[playable.file]!;
  const base = new Layout(playable.manifest).start(playable.file);
  const to = Math.min(size, at + length);
  if (at >= to) return new Uint8Array(0);
  if (!(await there(base + at, base + to))) return undefined;
  const file = await openFile(playable);
  try {
    const piece = Buffer.alloc(to - at);
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    return piece.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const whatIsHere = (playable: Playable): ReadAt => {
  return (at, length) => bytesAt(playable, at, length, async (from, to) => playable.available(from) >= to - from);
};

const whatComes = (playable: Playable, gone: AbortSignal): ReadAt => {
  return (at, length) =>
    bytesAt(playable, at, length, async (from, to) => {
      for (let next = from; next < to && !gone.aborted; next += await arrival(playable, next, to, gone));
      return !gone.aborted;
    });
};

async function pour(
  playable: Playable,
  { from, to }: Wanted,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const base = new Layout(playable.manifest).start(playable.file);
  let file: FileHandle | undefined;
  try {
    for (let at = from; at < to; ) {
      const there = await arrival(playable, base + at, base + to, gone);
      if (gone.aborted) return;
      file ??= await openFile(playable);
      const piece = Buffer.allocUnsafe(Math.min(to - at, there, PIECE_BYTES));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new Failure('folder-changed', 'a file was cut while it was played');
      if (!response.write(piece.subarray(0, bytesRead))) await drained(response, gone);
      at += bytesRead;
    }
    response.end();
  } finally {
    await file?.close();
  }
}

/** Held open from then on: a file that gets its final place meanwhile stays the same file. */
async function openFile(playable: Playable): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(playable.path(), 'r');
    } catch (error) {
      // It is just being moved: where to is told in a moment.
      if (tries === MOVE_TRIES) throw error;
      await sleep(MOVE_WAIT_MS);
    }
  }
}

/** Bytes that are there from `at` on, once there are any. */
async function arrival(playable: Playable, at: number, to: number, gone: AbortSignal): Promise<number> {
  const there = playable.available(at);
  if (there < AHEAD_BYTES && at + there < to) playable.want(at + there, Math.min(to, at + AHEAD_BYTES));
  if (there > 0) return there;
  return new Promise((resolve) => {
    const finish = (bytes: number): void => {
      stop();
      gone.removeEventListener('abort', abandoned);
      resolve(bytes);
    };
    const abandoned = (): void => finish(0);
    const stop = playable.onMore(() => {
      const bytes = playable.available(at);
      if (bytes > 0) finish(bytes);
    });
    gone.addEventListener('abort', abandoned, { once: true });
  });
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      gone.removeEventListener('abort', go);
      resolve();
    };
    response.once('drain', go);
    gone.addEventListener('abort', go, { once: true });
  });
}
