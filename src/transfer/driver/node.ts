import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Range } from '../../wire/datagrams/control.js';
import { answerEcho, encodeEchoRequest } from '../../wire/datagrams/echo.js';
import type { Manifest } from '../../wire/transfer-manifest.js';
import type { Shape } from '../../wire/transfer-shape.js';
import type { Source } from '../files/file-source.js';
import { PartialDownload } from '../files/partial-download.js';
import { CookieGate } from '../protocol/cookies.js';
import type { Path } from '../protocol/path.js';
import type { Endpoint, HostAddress } from '../udp/endpoint.js';
import { openEndpoint } from '../udp/open-endpoint.js';
import { readEcho } from '../udp/reflexive.js';
import { type Stream, StreamPath } from '../udp/stream-path.js';
import { Engine } from './engine.js';
import type { TransferEvent } from './events.js';
import { Incoming } from './incoming.js';
import { Outgoing } from './outgoing.js';
import type { RememberedPath } from './path-memory.js';
import { QlogFile } from './qlog.js';
import type { RelayOffer } from './relay-offer.js';

/** Transfers of one process over its UDP sockets, in the thread that calls. `transfer.ts` runs one in a thread of its own. */

export interface NodeOptions {
  /** Numeric addresses, at most one of each family; port 0 picks one, the same for both where it is free. */
  readonly listen: readonly HostAddress[];
  /** 'dgram' leaves koffi alone even where it is there. */
  readonly use?: 'batch' | 'dgram';
}

export interface CommonOptions {
  /** 16 bytes, of this transfer; the receiver's partial folder is called after it. */
  readonly id: Uint8Array;
  /** 32 unpredictable bytes, from the offer. */
  readonly secret: Uint8Array;
  /** Where the other side may be: its local addresses, the one the directory saw. */
  readonly candidates: readonly HostAddress[];
  /** Hosts at which it is certainly: from which it has a TCP connection here. */
  readonly proved?: readonly string[];
  /** Relays at which the two may meet. */
  readonly relays?: readonly RelayOffer[];
  /** Milliseconds without the other side after which it fails; by default ten minutes. */
  readonly patience?: number;
  /** A file to which what happens is written as qlog. */
  readonly trace?: string;
}

export interface SendOptions extends CommonOptions {
  readonly source: Source;
  /** Bytes per second; found by measuring where it is left out. */
  readonly rate?: number;
  /** Milliseconds between bursts. */
  readonly pace?: number;
  /** What paths to the same person carried before, as events 'measured' said it. */
  readonly remembered?: readonly RememberedPath[];
}

export interface ReceiveOptions extends CommonOptions {
  readonly manifest: Manifest;
  /** Where the files go; made where it is missing. */
  readonly folder: string;
  /** False leaves it to the system when bytes reach the disk. */
  readonly durable?: boolean;
  /** What is known of it stays beside the files, for whoever has yet to keep that it is done, and calls `discardPartial` then. */
  readonly keep?: boolean;
  /** As of PartialDownload. */
  readonly shape?: Shape | undefined;
}

export type Command =
  | {
      readonly type: 'candidates';
      readonly addresses: readonly HostAddress[];
      /** As of CommonOptions. */
      readonly proved?: readonly string[];
    }
  | { readonly type: 'relays'; readonly relays: readonly RelayOffer[] }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'want'; readonly ranges: readonly Range[] }
  /** Ends without telling the other side; what has come is kept. */
  | { readonly type: 'stop' };

const PATIENCE_MS = 10 * 60_000;
const ECHO_TRIES = 4;
const ECHO_WAIT_MS = 400;

export class TransferNode {
  readonly #engine: Engine;
  readonly #endpoints: readonly Endpoint[];
  readonly #random: Random;
  readonly #gate: CookieGate;
  readonly #echoes = new Set<(datagram: Uint8Array) => void>();

  private constructor(endpoints: readonly Endpoint[], random: Random) {
    this.#endpoints = endpoints;
    this.#random = random;
    this.#gate = new CookieGate(random);
    this.#engine = new Engine({
      endpoints,
      random,
      now: () => performance.now(),
      onOther: (datagram, path, endpoint) => this.#onOther(datagram, path, endpoint),
    });
  }

  /** @throws Failure unreachable 'address-in-use' */
  static async open({ listen, use }: NodeOptions, random: Random): Promise<TransferNode> {
    const endpoints: Endpoint[] = [];
    for (const address of listen) {
      const port = address.port === 0 ? (endpoints[0]?.address.port ?? 0) : address.port;
      endpoints.push(await openEndpoint({ host: address.host, port }, use));
    }
    return new TransferNode(endpoints, random);
  }

  get endpoints(): readonly { readonly kind: string; readonly address: HostAddress }[] {
    return this.#endpoints.map(({ kind, address }) => ({ kind, address }));
  }

  send(options: SendOptions, onEvent: (event: TransferEvent) => void): Outgoing {
    this.prove(options.proved);
    const qlog = this.#qlog(options, 'sender');
    const outgoing = new Outgoing(this.#engine, {
      id: options.id,
      secret: options.secret,
      source: options.source,
      candidates: options.candidates,
      relays: options.relays,
      rate: options.rate,
      pace: options.pace,
      remembered: options.remembered,
      patience: options.patience ?? PATIENCE_MS,
      trace: qlog?.trace,
      onEvent: closing(qlog, onEvent),
      onClose: () => qlog?.close(),
    });
    this.#engine.add(outgoing);
    return outgoing;
  }

  /** @throws Failure transfer 'unsafe-name', limit 'disk-full' */
  async receive(options: ReceiveOptions, onEvent: (event: TransferEvent) => void): Promise<Incoming> {
    const { id, manifest, folder } = options;
    const partial = await PartialDownload.open({
      id,
      manifest,
      folder,
      durable: options.durable ?? true,
      keep: options.keep ?? false,
      shape: options.shape,
    });
    try {
      return this.#receive(options, partial, onEvent);
    } catch (error) {
      await partial.close();
      throw error;
    }
  }

  #receive(options: ReceiveOptions, partial: PartialDownload, onEvent: (event: TransferEvent) => void): Incoming {
    this.prove(options.proved);
    const qlog = this.#qlog(options, 'receiver');
    const incoming = new Incoming(this.#engine, {
      id: options.id,
      secret: options.secret,
      manifest: options.manifest,
      partial,
      candidates: options.candidates,
      relays: options.relays,
      patience: options.patience ?? PATIENCE_MS,
      gate: this.#gate,
      buffer: Math.min(...this.#endpoints.map((endpoint) => endpoint.buffer), 4 << 20),
      trace: qlog?.trace,
      onEvent: closing(qlog, onEvent),
    });
    this.#engine.add(incoming);
    return incoming;
  }

  /** Something threw while `runner` was told something: it fails, and the others go on. */
  crash(runner: Outgoing | Incoming, error: unknown): void {
    this.#engine.crash(runner, error);
  }

  /** As Engine's. */
  abandon(): Promise<void> {
    return this.#engine.abandon();
  }

  /** Those hosts have shown by other ways that whoever is there receives there. */
  prove(hosts: readonly string[] = []): void {
    for (const host of hosts) this.#engine.proveHost(host);
  }

  #qlog(options: CommonOptions, vantage: 'sender' | 'receiver'): QlogFile | undefined {
    return options.trace === undefined ? undefined : new QlogFile(options.trace, vantage, performance.now());
  }

  attachStream(runner: Outgoing | Incoming, stream: Stream): void {
    const path = new StreamPath(
      stream,
      (bytes, view, at, length, from) => this.#engine.receiveStream(bytes, view, at, length, from),
      () => this.#engine.wake(),
    );
    runner.attachStream(path);
  }

  /**
   * The address that `server` sees this node's datagrams come from.
   * @throws Failure unreachable 'echo-unanswered'
   */
  async reflexive(server: HostAddress): Promise<HostAddress> {
    const path = this.#engine.path(server);
    if (path !== undefined) {
      for (let i = 0; i < ECHO_TRIES; i++) {
        const seen = await this.#echo(path);
        if (seen !== null) return seen;
      }
    }
    throw new Failure('echo-unanswered');
  }

  #echo(path: Path): Promise<HostAddress | null> {
    const token = this.#random.bytes(8);
    return new Promise((resolve) => {
      const finish = (seen: HostAddress | null): void => {
        clearTimeout(timer);
        this.#echoes.delete(listener);
        resolve(seen);
      };
      const listener = (datagram: Uint8Array): void => {
        const seen = readEcho(datagram, token);
        if (seen !== null) finish(seen);
      };
      const timer = setTimeout(() => finish(null), ECHO_WAIT_MS);
      this.#echoes.add(listener);
      this.#engine.emitUnbounded(path, encodeEchoRequest(token));
    });
  }

  #onOther(datagram: Uint8Array, path: Path, endpoint: Endpoint): void {
    for (const listener of [...this.#echoes]) listener(datagram);
    const [host = '', port = '0'] = path.key.split(' ');
    const answer = answerEcho(datagram, host, Number(port));
    if (answer !== undefined) endpoint.sendOne(path, answer);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

function closing(qlog: QlogFile | undefined, onEvent: (event: TransferEvent) => void) {
  if (qlog === undefined) return onEvent;
  return (event: TransferEvent): void => {
    if (event.type === 'done' || event.type === 'failed') qlog.close();
    onEvent(event);
  };
}
