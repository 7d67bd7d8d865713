import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { onLines, type Params, readRequest, toRpcError, write } from './jsonrpc.js';
import { secureFolder } from './path.js';

/** One request under way. */
export interface Call {
  readonly id: number | string;
  /** A notification to the caller; resolves when there is room for more. */
  notify(method: string, params: Params): Promise<void>;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

export type Method = (params: Params, call: Call) => Promise<unknown>;
export type Methods = Readonly<Record<string, Method>>;

const unknown = (): Failure =>
  new Failure('protocol', 'method-unknown', 'The running program does not know this.', {
    hint: 'It is older or newer than this one: end it and start it again.',
  });

/** Said before anything is done, so that the caller may try again. */
const closing: Method = async () => {
  throw new Failure('ended', 'session-closing', 'The running program is just ending.', {
    hint: 'Give the command once more.',
  });
};

type Find = (method: string) => Method | undefined;

async function answer(socket: Socket, line: string, find: Find, signal: AbortSignal): Promise<void> {
  const request = readRequest(line);
  if (!('method' in request)) return write(socket, { id: null, error: request });
  const { id, method, params } = request;
  try {
    const act = find(method);
    if (act === undefined) throw unknown();
    const notify = (name: string, about: Params): Promise<void> => write(socket, { method: name, params: about });
    const result = await act(params, { id, notify, signal });
    await write(socket, { id, result: result ?? null });
  } catch (error) {
    await write(socket, { id, error: toRpcError(error) });
  }
}

function serve(socket: Socket, find: Find, running: Set<Promise<void>>): void {
  const gone = new AbortController();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => gone.abort());
  onLines(socket, (line) => {
    const answered = answer(socket, line, find, gone.signal);
    running.add(answered);
    void answered.finally(() => running.delete(answered));
  });
}

/** Binding happens within `listen`, so the mask covers it: there is no moment in which others could connect. */
function listenPrivately(server: Server, path: string): Promise<void> {
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

export interface ControlServer {
  /** Takes no more requests, and resolves when none is under way. */
  finish(): Promise<void>;
}

/**
 * Serves a control socket until the scope closes; then whoever still waits for an answer is hung up on. Only who owns the
 * folder's store may call it: what another process left at the path is taken away.
 */
export async function serveControl(path: string, methods: Methods, scope: Scope): Promise<ControlServer> {
  const local = process.platform !== 'win32';
  const sockets = new Set<Socket>();
  const running = new Set<Promise<void>>();
  let finishing = false;
  const find: Find = (method) => {
    if (finishing || scope.closed) return closing;
    return Object.hasOwn(methods, method) ? methods[method] : undefined;
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, find, running);
  });
  await secureFolder(path);
  if (local) await rm(path, { force: true });
  await listenPrivately(server, path);
  if (local) await chmod(path, 0o600);
  scope.defer(() => {
    server.close();
    for (const socket of sockets) socket.destroySoon();
  });
  return {
    async finish() {
      finishing = true;
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
