import type { Duplex } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { Failure, toFailure } from '../base/errors.js';
import { localAddresses } from '../net/interfaces.js';
import { whileOpen } from '../net/open-threads.js';
import type { Range } from '../wire/datagrams/control.js';
import { contentBytes, type Manifest } from '../wire/transfer-manifest.js';
import type { TransferEvent } from './driver/events.js';
import type { Command, NodeOptions, ReceiveOptions, SendOptions } from './driver/node.js';
import type { RelayOffer } from './driver/relay-offer.js';
import type { PlacedFile } from './files/partial-download.js';
import { lendStream } from './thread/port-stream.js';
import { takeWorker } from './thread/prepare-thread.js';
import type { FromThread, OpenedNode, ToThread } from './thread/thread-messages.js';
import type { HostAddress } from './udp/endpoint.js';

/**
 * Files over UDP between two who share a secret: the whole of what others use of this folder, besides `describe` (what can
 * be sent) and `servePlayer` (playing what has come).
 *
 *     const transfers = await openTransfers({ listen: [{ host: '0.0.0.0', port: 0 }] });
 *     const source = await describe(paths);                       // the sender: its manifest goes into the offer
 *     const outgoing = transfers.send({ id, secret, source, candidates }, onEvent);
 *     const incoming = transfers.receive({ id, secret, manifest, folder, candidates }, onEvent);   // the receiver
 *     await incoming.ended;
 */

export type { Progress, TransferEvent, TransferState } from './driver/events.js';
export type { NodeOptions, ReceiveOptions, SendOptions } from './driver/node.js';
export type { RememberedPath } from './driver/path-memory.js';
export type { RelayOffer } from './driver/relay-offer.js';
export { describe, type LeftOut, type Source } from './files/file-source.js';
export { discardPartial, diskFull, type PlacedFile, SPARE_BYTES } from './files/partial-download.js';
export { type Playable, type PlayerServer, servePlayer } from './files/player.js';
export { hasSafeNames } from './files/safe-name.js';
export type { HostAddress } from './udp/endpoint.js';

export interface Transfer {
  /** The placed files (none on the sender's side). Rejects with a Failure. */
  readonly ended: Promise<readonly PlacedFile[]>;
  /**
   * More addresses of the other side, whenever they become known.
   * @param proved hosts from which it has a TCP connection here
   */
  addCandidates(addresses: readonly HostAddress[], proved?: readonly string[]): void;
  /** Relays at which the two may meet, or other tokens for those that are known. */
  addRelays(relays: readonly RelayOffer[]): void;
  /** A stream to the other side's same transfer, for where datagrams do not get through: after the event 'blocked'. */
  attachStream(stream: Duplex): void;
  pause(): void;
  resume(): void;
  /** Tells the other side. @param discard whether the receiver removes what has come */
  cancel(discard?: boolean): Promise<void>;
  /** Ends here without a word; what has come is kept, and a later transfer of the same id goes on. */
  stop(): void;
}

export interface IncomingTransfer extends Transfer {
  /** Where a file of the manifest can be read now, while it arrives and later; empty until the folder is ready. */
  path(file: number): string;
  /** Content [from, to) in bytes which is wanted before everything else. */
  want(from: number, to: number): void;
  /** How much content from `from` on is there without a gap, in bytes. */
  available(from: number): number;
}

export type OnEvent = (event: TransferEvent) => void;

export interface Transfers {
  readonly endpoints: OpenedNode['endpoints'];
  /** Addresses on which others may reach this machine, with the ports in use. */
  candidates(): HostAddress[];
  /** The address that `server` sees. @throws Failure unreachable 'echo-unanswered' */
  reflexive(server: HostAddress): Promise<HostAddress>;
  send(options: SendOptions, onEvent?: OnEvent): Transfer;
  /** `ended` rejects with 'unsafe-name' or 'disk-full' before anything is written. */
  receive(options: ReceiveOptions, onEvent?: OnEvent): IncomingTransfer;
  /** Resolves when the thread has ended without being asked to, and all transfers in it with 'transfers-interrupted'. */
  readonly interrupted: Promise<void>;
  /** Ends all transfers; what has come is kept. */
  close(): Promise<void>;
}

/** @throws Failure unreachable 'address-in-use' */
export async function openTransfers(options: NodeOptions): Promise<Transfers> {
  const thread = new TransferThread();
  try {
    return await thread.open(options);
  } catch (error) {
    await thread.close();
    throw error;
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Failure) => void;
}

type Question = ToThread extends infer M ? (M extends { call: number } ? Omit<M, 'call'> : never) : never;

class TransferThread implements Transfers {
  endpoints: OpenedNode['endpoints'] = [];
  readonly #worker = takeWorker();
  readonly #waiting = new Map<number, Waiting>();
  readonly #transfers = new Map<number, Handle>();
  readonly interrupted: Promise<void>;
  #isInterrupted!: () => void;
  #calls = 0;
  #numbers = 0;
  #gone: Failure | undefined;
  #closed: Promise<void> | undefined;

  constructor() {
    this.interrupted = new Promise((resolve) => {
      this.#isInterrupted = resolve;
    });
    this.#worker.on('message', (message: FromThread) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#onGone(error));
    this.#worker.on('exit', () => this.#onGone());
  }

  async open(options: NodeOptions): Promise<this> {
    const open = whileOpen(this.#worker);
    const opened = (await this.#ask({ type: 'open', options, open })) as OpenedNode;
    this.endpoints = opened.endpoints;
    return this;
  }

  #post(message: ToThread, transfer: readonly (ArrayBuffer | import('node:worker_threads').MessagePort)[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #ask(question: Question): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#post({ ...question, call } as ToThread);
    });
  }

  #onMessage(message: FromThread): void {
    if (message.type === 'event') {
      const { event } = message;
      const whole = event.type === 'failed' ? { type: event.type, failure: Failure.from(event.failure) } : event;
      this.#transfers.get(message.transfer)?.onEvent(whole);
      return;
    }
    if (message.type === 'crashed') {
      this.#onGone(Failure.from(message.failure));
      void this.#worker.terminate();
      return;
    }
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if (message.type === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(Failure.from(message.failure));
  }

  #onGone(cause?: unknown): void {
    if (this.#gone !== undefined) return;
    const failure = this.#closed === undefined ? interrupted(cause) : stopped();
    this.#gone = failure;
    if (this.#closed === undefined) this.#isInterrupted();
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    for (const handle of this.#transfers.values()) handle.onEvent({ type: 'failed', failure });
    this.#transfers.clear();
  }

  candidates(): HostAddress[] {
    const local = localAddresses();
    return this.endpoints.flatMap(({ address: { host, port } }) => {
      if (host === '0.0.0.0') return local.filter((ip) => !ip.includes(':')).map((ip) => ({ host: ip, port }));
      if (host === '::') return local.filter((ip) => ip.includes(':')).map((ip) => ({ host: ip, port }));
      return [{ host, port }];
    });
  }

  async reflexive(server: HostAddress): Promise<HostAddress> {
    return (await this.#ask({ type: 'reflexive', server })) as HostAddress;
  }

  send(options: SendOptions, onEvent: OnEvent = () => {}): Transfer {
    const handle = this.#handle(options.source.manifest, onEvent);
    void this.#ask({ type: 'send', transfer: handle.number, options }).catch(handle.fail);
    return handle;
  }

  receive(options: ReceiveOptions, onEvent: OnEvent = () => {}): IncomingTransfer {
    const handle = this.#handle(options.manifest, onEvent);
    void this.#ask({ type: 'receive', transfer: handle.number, options }).catch(handle.fail);
    return handle;
  }

  #handle(manifest: Manifest, onEvent: OnEvent): Handle {
    const number = ++this.#numbers;
    const handle = new Handle(number, manifest, onEvent, {
      command: (command) => this.#post({ type: 'command', transfer: number, command }),
      stream: (stream) => this.#lend(number, stream),
      cancel: async (discard) => {
        if (this.#closed !== undefined || this.#gone !== undefined) return;
        await this.#ask({ type: 'cancel', transfer: number, discard });
      },
      forget: () => this.#transfers.delete(number),
    });
    this.#transfers.set(number, handle);
    return handle;
  }

  #lend(transfer: number, stream: Duplex): void {
    const { port1, port2 } = new MessageChannel();
    lendStream(stream, port1);
    this.#post({ type: 'stream', transfer, port: port2 }, [port2]);
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    await this.#ask({ type: 'close' }).catch(() => {});
    await this.#worker.terminate();
  }
}

const stopped = (): Failure => new Failure('transfer-stopped');

/** A fault of the program, in the thread and not in one transfer. */
const interrupted = (cause: unknown): Failure =>
  new Failure('transfers-interrupted', `all transfers were interrupted: ${causeOf(cause)}`, { cause });

const causeOf = (cause: unknown): string => (cause === undefined ? 'their thread ended' : toFailure(cause).message);

interface Thread {
  command(command: Command): void;
  stream(stream: Duplex): void;
  cancel(discard: boolean): Promise<void>;
  forget(): void;
}

class Handle implements IncomingTransfer {
  readonly ended: Promise<readonly PlacedFile[]>;
  readonly number: number;
  readonly #manifest: Manifest;
  readonly #listener: OnEvent;
  readonly #thread: Thread;
  #have: readonly Range[] = [];
  #paths: readonly string[] = [];
  #resolve!: (files: readonly PlacedFile[]) => void;
  #reject!: (failure: Failure) => void;

  constructor(number: number, manifest: Manifest, listener: OnEvent, thread: Thread) {
    this.number = number;
    this.#manifest = manifest;
    this.#listener = listener;
    this.#thread = thread;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only listens to events has heard of it.
    this.ended.catch(() => {});
  }

  readonly fail = (error: unknown): void => this.onEvent({ type: 'failed', failure: toFailure(error) });

  onEvent(event: TransferEvent): void {
    if (event.type === 'have') this.#have = event.ranges;
    if (event.type === 'paths') this.#paths = event.paths;
    this.#listener(event);
    if (event.type !== 'done' && event.type !== 'failed') return;
    this.#thread.forget();
    if (event.type === 'done') this.#resolve(event.files);
    else this.#reject(event.failure);
  }

  addCandidates(addresses: readonly HostAddress[], proved: readonly string[] = []): void {
    this.#thread.command({ type: 'candidates', addresses, proved });
  }

  addRelays(relays: readonly RelayOffer[]): void {
    this.#thread.command({ type: 'relays', relays });
  }

  attachStream(stream: Duplex): void {
    this.#thread.stream(stream);
  }

  pause(): void {
    this.#thread.command({ type: 'pause', paused: true });
  }

  resume(): void {
    this.#thread.command({ type: 'pause', paused: false });
  }

  async cancel(discard = false): Promise<void> {
    await this.#thread.cancel(discard);
  }

  stop(): void {
    this.#thread.command({ type: 'stop' });
    this.#thread.forget();
    this.#reject(stopped());
  }

  path(file: number): string {
    return this.#paths[file] ?? '';
  }

  want(from: number, to: number): void {
    const { block } = this.#manifest;
    const ranges = [{ first: Math.floor(from / block), end: Math.ceil(to / block) }];
    this.#thread.command({ type: 'want', ranges });
  }

  available(from: number): number {
    const { block } = this.#manifest;
    const range = this.#have.find(({ first, end }) => first * block <= from && from < end * block);
    return range === undefined ? 0 : Math.min(range.end * block, contentBytes(this.#manifest)) - from;
  }
}
