import { hasCode } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { type ConnectionId, connectionKey, datagramLength, TYPE } from '../wire/datagrams/header.js';
import type { Endpoint, HostAddress } from './endpoint.js';
import type { Host, Runner } from './host.js';
import type { Path } from './path.js';
import type { StreamPath } from './stream-path.js';
import type { Train } from './train.js';

/** Runs transfers over the sockets of one thread: hands datagrams to whom they belong, and gives each its turn. */

/** Trains one transfer sends before others get their turn. */
export const TRAINS_A_TURN = 8;
/** Waiting shorter than this isn't worth a timer, which is no finer than a millisecond. */
const SPIN_MS = 0.25;
const MAX_WAIT_MS = 1_000;

export interface EngineInit {
  readonly endpoints: readonly Endpoint[];
  readonly random: Random;
  readonly now: () => number;
  /** Datagrams that belong to no transfer: echo requests and responses. */
  readonly onOther?: (datagram: Uint8Array, path: Path, endpoint: Endpoint) => void;
}

interface Registered {
  readonly id: ConnectionId;
  readonly runner: Runner;
}

export class Engine implements Host {
  readonly random: Random;
  readonly now: () => number;
  readonly #init: EngineInit;
  readonly #registered = new Map<number, Registered>();
  readonly #runners = new Set<Runner>();
  /** Where a filled train waits for room in the socket. */
  readonly #held = new Map<Endpoint, Path>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #immediate: NodeJS.Immediate | undefined;
  #arrived = false;
  #closed: Promise<void> | undefined;

  constructor(init: EngineInit) {
    this.#init = init;
    this.random = init.random;
    this.now = init.now;
    for (const endpoint of init.endpoints) {
      endpoint.onDatagrams = (bytes, view, at, length, path) => this.#route(bytes, view, at, length, path, endpoint);
      endpoint.onTurn = () => this.#turn();
    }
  }

  add(runner: Runner): void {
    this.#runners.add(runner);
    this.wake();
  }

  retire(runner: Runner): void {
    this.#runners.delete(runner);
  }

  register(id: ConnectionId, runner: Runner): void {
    this.#registered.set(connectionKey(id.high, id.low), { id, runner });
  }

  unregister(id: ConnectionId): void {
    this.#registered.delete(connectionKey(id.high, id.low));
  }

  path(address: HostAddress): Path | undefined {
    return this.#endpointFor(address.host)?.path(address);
  }

  #endpointFor(key: string): Endpoint | undefined {
    const family = key.includes(':') ? 6 : 4;
    return this.#init.endpoints.find((endpoint) => endpoint.family === family);
  }

  emit(path: Path, datagram: Uint8Array): void {
    if (path.stream) (path as StreamPath).write(datagram);
    else this.#endpointFor(path.key)?.sendOne(path, datagram);
  }

  train(path: Path): Train | undefined {
    if (path.stream) return (path as StreamPath).train;
    const endpoint = this.#endpointFor(path.key);
    return endpoint === undefined || this.#held.has(endpoint) ? undefined : endpoint.train;
  }

  sendTrain(path: Path): number {
    if (path.stream) {
      (path as StreamPath).writeTrain();
      return 0;
    }
    const endpoint = this.#endpointFor(path.key)!;
    const sent = endpoint.send(path, endpoint.train);
    if (sent === 'busy') this.#held.set(endpoint, path);
    return sent === 'refused' ? Math.min(endpoint.train.segment, endpoint.train.length) : 0;
  }

  #route(bytes: Uint8Array, view: DataView, from: number, total: number, path: Path, endpoint?: Endpoint): void {
    const now = this.now();
    const end = from + total;
    this.#arrived = true;
    for (let at = from; at < end; ) {
      const length = datagramLength(view, at, end);
      if (length === 0) return;
      this.#dispatch(bytes, view, at, length, path, now, endpoint);
      at += length;
    }
  }

  #dispatch(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    path: Path,
    now: number,
    endpoint?: Endpoint,
  ): void {
    const type = view.getUint8(at);
    if (type === TYPE.echoRequest || type === TYPE.echoResponse) {
      if (endpoint !== undefined) this.#init.onOther?.(bytes.subarray(at, at + length), path, endpoint);
      return;
    }
    const high = view.getUint32(at + 4);
    const low = view.getUint32(at + 8);
    const known = this.#registered.get(connectionKey(high, low));
    if (known === undefined || known.id.low !== low || known.id.high !== high) return;
    try {
      known.runner.receive(bytes, view, at, length, path, now);
    } catch (error) {
      if (!hasCode(error, 'malformed')) throw error;
    }
  }

  /** What a stream brought: whole datagrams, one after another. */
  receiveStream(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path): void {
    this.#route(bytes, view, at, length, path);
  }

  wake(): void {
    if (this.#immediate !== undefined || this.#closed !== undefined) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#closed !== undefined) return;
    for (const endpoint of this.#init.endpoints) endpoint.drain();
    const quiet = !this.#arrived;
    this.#arrived = false;
    for (const [endpoint, path] of [...this.#held]) {
      if (endpoint.send(path, endpoint.train) !== 'busy') this.#held.delete(endpoint);
    }
    let more = false;
    for (const runner of this.#runners) more = runner.work(this.now()) || more;
    if (more && this.#held.size === 0) {
      this.wake();
      return;
    }
    // Only a turn that brought nothing is spent on what can wait; after another, the next one decides.
    const waits = quiet ? this.#idle() : this.#hasIdleWork;
    if (waits) this.wake();
    else this.#schedule();
  }

  #idle(): boolean {
    let more = false;
    for (const runner of this.#runners) more = (runner.idle?.() ?? false) || more;
    return more;
  }

  get #hasIdleWork(): boolean {
    for (const runner of this.#runners) if (runner.idle !== undefined) return true;
    return false;
  }

  #schedule(): void {
    const now = this.now();
    let due = now + MAX_WAIT_MS;
    for (const runner of this.#runners) due = Math.min(due, runner.nextTimeout(now));
    if (this.#runners.size === 0) return;
    if (due - now < SPIN_MS) {
      this.wake();
      return;
    }
    if (this.#timer !== undefined && Math.abs(this.#timerAt - due) < SPIN_MS) return;
    clearTimeout(this.#timer);
    this.#timerAt = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turn();
    }, due - now);
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    for (const runner of [...this.#runners]) await runner.close();
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    for (const endpoint of this.#init.endpoints) await endpoint.close();
  }
}
