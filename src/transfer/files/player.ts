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

/**
 * Lets a player show a file while it arrives: HTTP with ranges (RFC 9110 §14) on loopback, under a path nobody guesses. A
 * read waits until its blocks are there, and asks for them before everything else; so seeking, and files with their index at
 * the end, work.
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

const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.webm': 'video/webm',
  '.mov': 'video/quicktime',
  '.avi': 'video/x-msvideo',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
};

/** By which players know what it is; nothing where it could be more than that. */
const endingOf = (path: string): string => /^\.[a-z0-9]{1,8}$/.exec(extname(path).toLowerCase())?.[0] ?? '';

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

/** @throws Failure usage 'no-such-file' where the manifest has no such file */
export async function servePlayer(playable: Playable, random: Random): Promise<PlayerServer> {
  const file = playable.manifest.files[playable.file];
  if (file === undefined) {
    throw new Failure('no-such-file', 'the transfer has no such file', { hint: 'List it with /transfers.' });
  }
  const path = `/${base64url(random.bytes(24))}/film${endingOf(file.path)}`;
  const closing = new AbortController();
  const server = createServer((request, response) => {
    if (request.url !== path || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    answer(playable, request, response, closing.signal).catch(() => response.destroy());
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

async function answer(
  playable: Playable,
  request: IncomingMessage,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  const { path, size } = playable.manifest.files[playable.file]!;
  const range = rangeOf(request.headers.range, size);
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': TYPES[endingOf(path)] ?? 'application/octet-stream',
  };
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
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once('close', leave);
  closing.addEventListener('abort', leave, { once: true });
  try {
    await pour(playable, { from, to }, response, gone.signal);
  } finally {
    closing.removeEventListener('abort', leave);
  }
}

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
