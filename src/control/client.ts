import { lstat } from 'node:fs/promises';
import { connect as dial, type Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.js';
import { Failure, hasCode } from '../base/errors.js';
import type { Item } from '../commands/command.js';
import { Outlet } from '../net/outlet.js';
import { holderSilent } from './holder.js';
import { fromRpcError, lineOf, message, type NamedParams, onLines, type RpcError } from './jsonrpc.js';
import { assertFolderOurs, assertSocketOurs, openPlace } from './path.js';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Failure): void;
}

interface Stream {
  accepted: boolean;
  readonly take: (item: Item) => void;
}

/** The other side went before it began: the same may be asked of whoever comes next. */
const notBegun = (cause: unknown): Failure =>
  new Failure('session-closing', 'The running program has just ended.', { cause });

const hungUp = (): Failure =>
  new Failure('session-ended', 'The running program has ended.', {
    hint: 'Give the command once more.',
  });

/** Whoever is alive says something within this time, if only that it doesn't know what it was asked. */
const PATIENCE_MS = 10_000;
/** So often in that time it is asked for a sign of life. */
const ASKS = 4;

export interface Patience {
  /** How long the other side may say nothing at all while something is asked of it. */
  readonly patience?: number | undefined;
}

/** One end of a control socket: asks, and hears notifications. A side that says nothing any more is given up. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #outlet: Outlet;
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, Stream>();
  readonly #path: string;
  readonly #patience: number;
  #last = 0;
  #heard = true;
  #silentFor = 0;
  #watch: NodeJS.Timeout | undefined;
  /** What comes besides the items of one's own calls. */
  onNotification: (method: string, params: NamedParams) => void = () => {};
  /** Resolves when the other side is gone. */
  readonly ended: Promise<void>;

  constructor(
    socket: Socket,
    path: string,
    { patience = PATIENCE_MS, clock = systemClock }: Patience & { clock?: Clock } = {},
  ) {
    this.#socket = socket;
    this.#outlet = new Outlet('control client', { clock, socket, onStuck: () => socket.destroy() });
    this.#path = path;
    this.#patience = Math.min(patience, PATIENCE_MS);
    onLines(
      socket,
      (line) => this.#take(line),
      () => socket.destroy(),
    );
    socket.on('error', () => socket.destroy());
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.#fail(hungUp());
        resolve();
      });
    });
  }

  /** @throws Failure as the other side failed, or `session-ended` */
  call(method: string, params: NamedParams): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(hungUp());
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#await();
      void this.#outlet.offer(lineOf(message({ id, method, params })));
    });
  }

  /**
   * Calls a command; `take` gets each item as it comes.
   * @throws Failure as the command failed; `session-closing` where nothing was begun, `session-ended` where it was
   */
  async stream(method: string, params: NamedParams, take: (item: Item) => void): Promise<void> {
    const id = this.#last + 1;
    const stream: Stream = { accepted: false, take };
    this.#streams.set(id, stream);
    try {
      await this.call(method, { ...params, stream: true });
    } catch (error) {
      throw hasCode(error, 'session-ended') && !stream.accepted ? notBegun(error) : error;
    } finally {
      this.#streams.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(why: Failure): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    for (const { reject } of this.#pending.values()) reject(why);
    this.#pending.clear();
  }

  /** As long as something is unanswered. A process that is stopped takes what it is sent, and does nothing with it. */
  #await(): void {
    if (this.#watch !== undefined) return;
    this.#silentFor = 0;
    this.#heard = false;
    const every = this.#patience / ASKS;
    this.#watch = setInterval(() => {
      this.#silentFor = this.#heard ? 0 : this.#silentFor + 1;
      this.#heard = false;
      if (this.#silentFor >= ASKS) {
        this.#fail(holderSilent(this.#path, this.#patience));
        this.#socket.destroy();
      } else {
        // No method of anybody: that it is unknown is the answer.
        void this.#outlet.offer(lineOf(message({ id: 'alive', method: 'alive' })));
      }
    }, every);
  }

  #take(line: string): void {
    this.#heard = true;
    const said = JSON.parse(line) as {
      id?: number | string;
      method?: string;
      params?: NamedParams;
      result?: unknown;
      error?: RpcError;
    };
    if (said.method !== undefined) this.#hear(said.method, said.params ?? {});
    const pending = typeof said.id === 'number' ? this.#pending.get(said.id) : undefined;
    if (pending === undefined) return;
    this.#pending.delete(said.id as number);
    if (this.#pending.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    if (said.error) pending.reject(fromRpcError(said.error));
    else pending.resolve(said.result);
  }

  #hear(method: string, params: NamedParams): void {
    const stream = this.#streams.get(params.id as number);
    if (stream === undefined) this.onNotification(method, params);
    else if (method === 'accepted') stream.accepted = true;
    else stream.take(params.item as Item);
  }
}

/** A socket whose owner was killed refuses; one that was never there is missing. */
const NOBODY = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK']);

/** @throws what NOBODY doesn't have */
const orNobody = (error: NodeJS.ErrnoException): undefined => {
  if (!NOBODY.has(error.code ?? '')) throw error;
};

/**
 * A connection to whoever serves the path, or undefined where nobody does. Before a word is said, the place and what stands there
 * are judged as their maker judged them.
 * @param chosen as of listenPrivately
 * @throws Failure denied `control-folder`, `control-socket`
 */
export async function dialControl(
  path: string,
  { chosen = false, patience = PATIENCE_MS }: Patience & { readonly chosen?: boolean } = {},
): Promise<Socket | undefined> {
  if (process.platform === 'win32') return connectTo(path, path, patience);
  const place = await openPlace(path).catch(orNobody);
  if (place === undefined) return undefined;
  try {
    const found = await lstat(place.path).catch(orNobody);
    if (found === undefined) return undefined;
    assertFolderOurs(place, path, chosen);
    assertSocketOurs(found, path);
    return await connectTo(place.path, path, patience);
  } finally {
    await place.close();
  }
}

function connectTo(short: string, path: string, patience: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = dial(short);
    // One whose queue of callers is full lets nobody in.
    const timer = setTimeout(() => {
      socket.destroy();
      reject(holderSilent(path, patience));
    }, patience);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) return resolve(undefined);
      if (error.code === 'EAGAIN') return reject(holderSilent(path, 0, error));
      reject(
        new Failure('control-socket', `The running program cannot be reached: ${error.code}.`, {
          hint: `Use the account that started it, or remove ${path} if nothing runs.`,
        }),
      );
    });
  });
}

/** Whoever serves the path, or undefined where nobody does. */
export async function connectControl(path: string, patience: Patience = {}): Promise<ControlClient | undefined> {
  const socket = await dialControl(path, patience);
  return socket && new ControlClient(socket, path, patience);
}
