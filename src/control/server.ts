import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { Failure } from '../base/errors.js';
import type { Scope } from '../base/scope.js';
import { Outlet } from '../net/outlet.js';
import { Answers, byName, type Find, type Method, type Methods } from './answers.js';
import { signHolder } from './holder.js';
import { lineOf, onLines } from './jsonrpc.js';
import { assertFolderOurs, openPlace, type Place } from './path.js';

/** Said before anything is done, so that the caller may try again. */
const closing: Method = async () => {
  throw new Failure('session-closing', 'The running program is just ending.');
};

/** Lines of one caller which are being answered; beyond, it is not read until some are. */
const AT_ONCE = 256;

/** Whoever has said all that he wants still gets his answers. */
function serve(socket: Socket, find: Find, callers: Set<Answers>, clock: Clock): void {
  const gone = new AbortController();
  const outlet = new Outlet('control caller', { clock, socket, onStuck: () => socket.destroy() });
  const answers = new Answers({ find, write: (line) => outlet.offer(lineOf(line)), signal: gone.signal });
  const again = (): void => {
    if (answers.running < AT_ONCE && socket.isPaused()) socket.resume();
  };
  callers.add(answers);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    gone.abort();
    void answers.settled().then(() => callers.delete(answers));
  });
  socket.on('end', () => void answers.settled().then(() => outlet.end()));
  onLines(
    socket,
    (line) => {
      void answers.take(line).then(again);
      if (answers.running >= AT_ONCE) socket.pause();
    },
    () => answers.tooLong(),
  );
}

/** Binding happens within `listen`, so the mask covers it: there is no moment in which others could connect. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
    const mask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(mask);
    }
  });
}

async function openOwnPlace(path: string, chosen: boolean): Promise<Place> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const place = await openPlace(path);
  try {
    assertFolderOurs(place, path, chosen);
    return place;
  } catch (error) {
    await place.close();
    throw error;
  }
}

/**
 * Listens at a path where only this user may connect, until the scope closes.
 * @param chosen the user said where. Else it is the place of a folder's socket, and only who owns the folder's store may
 *   call this: what another process left there is taken away
 */
export async function listenPrivately(server: Server, path: string, scope: Scope, chosen = false): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const place = process.platform !== 'win32' ? await openOwnPlace(path, chosen) : undefined;
  scope.defer(() => {
    // Takes the socket away by the path it was made with, so the place is let go after it.
    server.close();
    for (const socket of sockets) socket.destroySoon();
    return place?.close();
  });
  if (place && !chosen) await rm(place.path, { force: true });
  await listen(server, place?.path ?? path);
  if (place) await chmod(place.path, 0o600);
}

export interface ControlServer {
  /** Takes no more requests, and resolves when none is under way. */
  finish(): Promise<void>;
}

/** Serves a control socket until the scope closes; then whoever still waits for an answer is hung up on. */
export async function serveControl(
  path: string,
  methods: Methods,
  scope: Scope,
  { chosen = false, clock = systemClock } = {},
): Promise<ControlServer> {
  const callers = new Set<Answers>();
  const known = byName(methods);
  let finishing = false;
  const find: Find = (method) => (finishing || scope.closed ? closing : known(method));
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, find, callers, clock));
  await listenPrivately(server, path, scope, chosen);
  scope.defer(await signHolder(path));
  return {
    async finish() {
      finishing = true;
      while ([...callers].some(({ running }) => running > 0)) {
        await Promise.all([...callers].map((each) => each.settled()));
      }
    },
  };
}
