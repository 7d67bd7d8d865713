import { hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type ConnectionId, connectionKey, datagramLength, TYPE } from '../../wire/datagrams/header.js';
import type { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';
import type { Endpoint, HostAddress } from '../udp/endpoint.js';
import type { Host, Runner } from './host.js';
import { LANE, RelayWays } from './relay-ways.js';
import { Sockets } from './sockets.js';

/** Runs transfers over the sockets of one thread: hands datagrams to whom they belong, and gives each its turn. */

/** Trains one transfer sends before others get their turn. */
export const TRAINS_A_TURN = 8;
/** Waiting shorter than this isn't worth a timer, which is no finer than a millisecond. */
const SPIN_MS = 0.25;
const TIMER_MS = 1;
const MAX_WAIT_MS = 1_000;
/** So long datagrams gather in the socket before they are taken in together: the memory of a socket holds several times that. */
const NAP_MS = 0.15;
/** From so many a millisecond on being told of each costs more than looking after each nap. */
const BUSY_DATAGRAMS = 3;
/** After so many turns without a pause there is a stream of datagrams, one way or the other. */
const TURNS_OF_STREAM = 4;

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
  readonly relays: RelayWays;
  readonly #init: EngineInit;
  readonly #sockets: Sockets;
  readonly #registered = new Map<number, Registered>();
  readonly #runners = new Set<Runner>();
  readonly #nap: ((ms: number) => void) | undefined;
  /** Who got the last datagram: mostly the next one's too. */
  #last: Registered | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #immediate: NodeJS.Immediate | undefined;
  /** Datagrams since the last turn. */
  #arrived = 0;
  #counted = 0;
  #countedSince = 0;
  #busy = false;
  /** Turns since there was last nothing to do. */
  #turnsOnEnd = 0;
  /** The time for everything that one look at the sockets brings. */
  #drainedAt: number | undefined;
  #closed: Promise<void> | undefined;
  /** Set with it: resolves once they are closed. */
  #released: Promise<unknown> | undefined;

  constructor(init: EngineInit) {
    this.#init = init;
    this.random = init.random;
    this.now = init.now;
    this.#sockets = new Sockets(init.endpoints, init.now);
    this.relays = new RelayWays(this, LANE.transfers);
    this.#nap = init.endpoints.every((endpoint) => endpoint.nap !== undefined) ? init.endpoints[0]?.nap : undefined;
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
    this.#last = undefined;
  }

  unregister(id: ConnectionId): void {
    this.#registered.delete(connectionKey(id.high, id.low));
    this.#last = undefined;
  }

  path(address: HostAddress): Path | undefined {
    return this.#sockets.path(address);
  }

  isProved(path: Path): boolean {
    return this.#sockets.isProved(path);
  }

  prove(path: Path): void {
    this.#sockets.prove(path);
  }

  /** Another connection to that host shows that whoever is there receives there. */
  proveHost(host: string): void {
    this.#sockets.proveHost(host);
  }

  emit(path: Path, datagram: Uint8Array): void {
    this.#sockets.emit(path, datagram);
  }

  /** To an address that the person at this machine has given, and nobody else. */
  emitUnbounded(path: Path, datagram: Uint8Array): void {
    this.#sockets.emitUnbounded(path, datagram);
  }

  train(path: Path): DatagramBatch | undefined {
    return this.#sockets.train(path);
  }

  sendTrain(path: Path): number {
    return this.#sockets.sendTrain(path);
  }

  favour(path: Path): () => void {
    return this.#sockets.favour(path);
  }

  relayed(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path): void {
    this.#route(bytes, view, at, length, path);
  }

  #route(bytes: Uint8Array, view: DataView, from: number, total: number, path: Path, endpoint?: Endpoint): void {
    const now = this.#drainedAt ?? this.now();
    const end = from + total;
    for (let at = from; at < end; ) {
      const length = datagramLength(view, at, end);
      if (length === 0) return;
      this.#arrived++;
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
    let known = this.#last;
    if (known === undefined || known.id.low !== low || known.id.high !== high) {
      known = this.#registered.get(connectionKey(high, low));
      if (known === undefined || known.id.low !== low || known.id.high !== high) return;
      this.#last = known;
    }
    this.#sockets.onReceived(path, length, now);
    try {
      known.runner.receive(bytes, view, at, length, path, now);
    } catch (error) {
      if (!hasCode(error, 'malformed')) this.crash(known.runner, error);
    }
  }

  /** Ends the one transfer in which something threw. */
  crash(runner: Runner, error: unknown): void {
    this.#runners.delete(runner);
    for (const [key, registered] of this.#registered) {
      if (registered.runner === runner) this.#registered.delete(key);
    }
    this.#last = undefined;
    runner.crash(toFailure(error));
  }

  /** What throws in a transfer's turn ends that transfer. */
  #guarded<T>(runner: Runner, otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.crash(runner, error);
      return otherwise;
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
    let more = this.#drain();
    const now = this.now();
    const arrived = this.#countArrivals(now);
    const held = this.#sockets.flush();
    let unsent = false;
    for (const runner of this.#runners) unsent = this.#guarded(runner, false, () => runner.work(this.now())) || unsent;
    more ||= unsent && !held;
    // What can wait has its turn in place of a nap; where there are none, in a turn that brought nothing.
    if (!more) more = arrived && this.#nap === undefined ? this.#hasIdleWork : this.#idle();
    if (more) this.#goOn();
    else this.#rest();
  }

  /** Who looks at the sockets in each turn need not be told of each datagram, for which the kernel takes a lock or two. */
  #goOn(): void {
    if (++this.#turnsOnEnd === TURNS_OF_STREAM) for (const endpoint of this.#init.endpoints) endpoint.watch(false);
    this.wake();
  }

  /** @returns whether a socket may hold still more */
  #drain(): boolean {
    let more = false;
    this.#drainedAt = this.now();
    for (const endpoint of this.#init.endpoints) more = endpoint.drain() || more;
    this.#drainedAt = undefined;
    return more;
  }

  #countArrivals(now: number): boolean {
    const arrived = this.#arrived;
    this.#arrived = 0;
    this.#counted += arrived;
    const elapsed = now - this.#countedSince;
    if (elapsed >= TIMER_MS) {
      this.#busy = this.#counted >= BUSY_DATAGRAMS * elapsed;
      this.#counted = 0;
      this.#countedSince = now;
    }
    return arrived > 0;
  }

  #idle(): boolean {
    let more = false;
    for (const runner of this.#runners) more = this.#guarded(runner, false, () => runner.idle?.() ?? false) || more;
    return more;
  }

  get #hasIdleWork(): boolean {
    for (const runner of this.#runners) if (runner.idle !== undefined) return true;
    return false;
  }

  /** Waits for the next thing to do: by the event loop, or for a moment in this thread while a stream of datagrams gathers. */
  #rest(): void {
    this.#turnsOnEnd = 0;
    const now = this.now();
    let due = now + MAX_WAIT_MS;
    for (const runner of this.#runners)
      due = Math.min(
        due,
        this.#guarded(runner, due, () => runner.nextTimeout(now)),
      );
    const wait = due - now;
    if (this.#nap !== undefined && this.#runners.size > 0 && (this.#busy || wait < TIMER_MS)) {
      this.#napThenTurn(this.#nap, Math.min(wait, NAP_MS));
      return;
    }
    for (const endpoint of this.#init.endpoints) endpoint.watch(true);
    if (this.#runners.size > 0) this.#schedule(now, due);
  }

  #napThenTurn(nap: (ms: number) => void, ms: number): void {
    for (const endpoint of this.#init.endpoints) endpoint.watch(false);
    if (this.#immediate !== undefined || this.#closed !== undefined) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined;
      if (ms > 0) nap(ms);
      this.#turn();
    });
  }

  #schedule(now: number, due: number): void {
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

  /**
   * The thread is about to end, and nobody waits for the transfers any more. Resolves when the sockets are closed: a poll handle
   * of koffi's that outlives its thread ends the process.
   */
  async abandon(): Promise<void> {
    this.close().catch(() => {});
    await this.#released;
  }

  async #release(): Promise<void> {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#released = Promise.all(this.#init.endpoints.map((endpoint) => endpoint.close()));
    await this.#released;
    for (const runner of [...this.#runners]) await runner.close();
  }
}
