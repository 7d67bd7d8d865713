import { connect as dial, type Socket } from 'node:net';
import { Failure, hasCode } from '../../base/errors.js';
import type { Item } from '../../peer/commands/command.js';
import { fromRpcError, onLines, type Params, type RpcError, write } from './jsonrpc.js';

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
  onNotification: (method: string, params: Params) => void = () => {};
  /** Resolves when the other side is gone. */
  readonly ended: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    onLines(socket, (line) => this.#take(line));
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
  call(method: string, params: Params): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(hungUp());
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      void write(this.#socket, { id, method, params });
    });
  }

  /**
   * Calls a command; `take` gets each item as it comes.
   * @throws Failure as the command failed; `session-closing` where nothing was begun, `session-ended` where it was
   */
  async stream(method: string, params: Params, take: (item: Item) => void): Promise<void> {
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
    const message = JSON.parse(line) as {
      id?: number;
      method?: string;
      params?: Params;
      result?: unknown;
      error?: RpcError;
    };
    if (message.method !== undefined) this.#hear(message.method, message.params ?? {});
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id!);
    if (message.error) pending.reject(fromRpcError(message.error));
    else pending.resolve(message.result);
  }

  #hear(method: string, params: Params): void {
    const stream = this.#streams.get(params.id as number);
    if (stream === undefined) this.onNotification(method, params);
    else if (method === 'accepted') stream.accepted = true;
    else stream.take(params.item as Item);
  }
}

/** A socket whose owner was killed refuses; one that was never there is missing. */
const NOBODY = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK']);

/** Whoever serves the path, or undefined where nobody does. */
export function connectControl(path: string): Promise<ControlClient | undefined> {
  return new Promise((resolve, reject) => {
    const socket = dial(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(new ControlClient(socket));
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
