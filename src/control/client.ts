import { connect as dial, type Socket } from 'node:net';
import { Failure, hasCode } from '../base/errors.js';
import type { Item } from '../peer/commands/command.js';
import { fromRpcError, message, type NamedParams, onLines, type RpcError, write } from './jsonrpc.js';

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
  new Failure('ended', 'session-closing', 'The running program has just ended.', {
    hint: 'Give the command once more.',
    cause,
  });

const hungUp = (): Failure =>
  new Failure('ended', 'session-ended', 'The running program has ended.', {
    hint: 'Give the command once more.',
  });

/** One end of a control socket: asks, and hears notifications. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, Stream>();
  #last = 0;
  /** What comes besides the items of one's own calls. */
  onNotification: (method: string, params: NamedParams) => void = () => {};
  /** Resolves when the other side is gone. */
  readonly ended: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    onLines(
      socket,
      (line) => this.#take(line),
      () => socket.destroy(),
    );
    socket.on('error', () => socket.destroy());
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const { reject } of this.#pending.values()) reject(hungUp());
        this.#pending.clear();
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
      void write(this.#socket, message({ id, method, params }));
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

  #take(line: string): void {
    const said = JSON.parse(line) as {
      id?: number;
      method?: string;
      params?: NamedParams;
      result?: unknown;
      error?: RpcError;
    };
    if (said.method !== undefined) this.#hear(said.method, said.params ?? {});
    const pending = said.id === undefined ? undefined : this.#pending.get(said.id);
    if (pending === undefined) return;
    this.#pending.delete(said.id!);
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

/** A connection to whoever serves the path, or undefined where nobody does. */
export function dialControl(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = dial(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) return resolve(undefined);
      reject(
        new Failure('denied', 'control-socket', `The running program cannot be reached: ${error.code}.`, {
          hint: `Use the account that started it, or remove ${path} if nothing runs.`,
        }),
      );
    });
  });
}

/** Whoever serves the path, or undefined where nobody does. */
export async function connectControl(path: string): Promise<ControlClient | undefined> {
  const socket = await dialControl(path);
  return socket && new ControlClient(socket);
}
