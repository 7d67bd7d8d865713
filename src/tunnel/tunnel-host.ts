import { isIP } from 'node:net';
import type { Cancel, Clock } from '../base/clock.js';
import { hasCode, toFailure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { RelayHost, Runner } from '../transfer/driver/host.js';
import { LANE, RelayWays } from '../transfer/driver/relay-ways.js';
import { Sockets } from '../transfer/driver/sockets.js';
import type { Path } from '../transfer/protocol/path.js';
import type { Endpoint, HostAddress } from '../transfer/udp/endpoint.js';
import { readEcho } from '../transfer/udp/reflexive.js';
import { hostOf } from '../transfer/udp/sockaddr.js';
import { addressBytes } from '../wire/address.js';
import { encodeEchoRequest } from '../wire/datagrams/echo.js';
import { type ConnectionId, connectionKey, datagramLength, TYPE, viewOf } from '../wire/datagrams/header.js';

/** Runs tunnels over UDP sockets in the thread that calls: messages are few, and a hop to another thread is longer than a seal. */

export interface TunnelHostInit {
  readonly clock: Clock;
  readonly random: Random;
  /** At most one of each family. */
  readonly endpoints: readonly Endpoint[];
}

interface Registered {
  readonly id: ConnectionId;
  readonly runner: Runner;
}

const ECHO_TRIES = 4;
const ECHO_WAIT_MS = 400;

export class TunnelHost implements RelayHost {
  readonly random: Random;
  readonly relays: RelayWays;
  readonly #init: TunnelHostInit;
  readonly #sockets: Sockets;
  readonly #registered = new Map<number, Registered>();
  readonly #runners = new Set<Runner>();
  readonly #echoes = new Set<(datagram: Uint8Array) => void>();
  #cancel: Cancel = () => {};
  #timerAt = Number.POSITIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(init: TunnelHostInit) {
    this.#init = init;
    this.random = init.random;
    this.#sockets = new Sockets(init.endpoints, () => this.now());
    this.relays = new RelayWays(this, LANE.links);
    for (const endpoint of init.endpoints) {
      endpoint.onDatagrams = (bytes, view, at, length, path) => this.#route(bytes, view, at, length, path);
      endpoint.onTurn = () => this.wake();
    }
  }

  now(): number {
    return this.#init.clock.monotonic();
  }

  /** Where the sockets are. */
  get addresses(): HostAddress[] {
    return this.#init.endpoints.map(({ address }) => address);
  }

  /** The same object for the same address, however it is spelt; undefined where no socket here reaches it. */
  path({ host, port }: HostAddress): Path | undefined {
    const bytes = isIP(host) === 6 ? addressBytes(host) : null;
    return this.#sockets.path({ host: bytes === null ? host : hostOf(viewOf(bytes), 0, bytes.length), port });
  }

  emit(path: Path, datagram: Uint8Array): void {
    if (this.#closed === undefined) this.#sockets.emit(path, datagram);
  }

  prove(path: Path): void {
    this.#sockets.prove(path);
  }

  relayed(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path): void {
    this.#route(bytes, view, at, length, path);
  }

  register(id: ConnectionId, runner: Runner): void {
    this.#registered.set(connectionKey(id.high, id.low), { id, runner });
  }

  unregister(id: ConnectionId): void {
    this.#registered.delete(connectionKey(id.high, id.low));
  }

  add(runner: Runner): void {
    this.#runners.add(runner);
    this.wake();
  }

  retire(runner: Runner): void {
    this.#runners.delete(runner);
  }

  #route(bytes: Uint8Array, view: DataView, from: number, total: number, path: Path): void {
    const now = this.now();
    const end = from + total;
    for (let at = from; at < end; ) {
      const length = datagramLength(view, at, end);
      if (length === 0) return;
      this.#dispatch(bytes, view, at, length, path, now);
      at += length;
    }
  }

  #dispatch(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path, now: number): void {
    if (view.getUint8(at) === TYPE.echoResponse) {
      for (const listener of [...this.#echoes]) listener(bytes.slice(at, at + length));
      return;
    }
    const [high, low] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    const known = this.#registered.get(connectionKey(high, low));
    if (known === undefined || known.id.low !== low || known.id.high !== high) return;
    this.#sockets.onReceived(path, length, now);
    try {
      known.runner.receive(bytes, view, at, length, path, now);
    } catch (error) {
      if (!hasCode(error, 'malformed')) this.#crash(known.runner, error);
    }
  }

  /** What throws in one tunnel ends that one. */
  #crash(runner: Runner, error: unknown): void {
    this.#runners.delete(runner);
    for (const [key, registered] of this.#registered) {
      if (registered.runner === runner) this.#registered.delete(key);
    }
    runner.crash(toFailure(error));
  }

  #work(runner: Runner, now: number): void {
    try {
      runner.work(now);
    } catch (error) {
      this.#crash(runner, error);
    }
  }

  /** Does what is due, and sets the timer for the next. */
  wake(): void {
    if (this.#closed !== undefined) return;
    const now = this.now();
    let next = Number.POSITIVE_INFINITY;
    for (const runner of [...this.#runners]) {
      if (runner.nextTimeout(now) <= now) this.#work(runner, now);
      if (this.#runners.has(runner)) next = Math.min(next, runner.nextTimeout(now));
    }
    if (next === this.#timerAt) return;
    this.#cancel();
    this.#timerAt = next;
    if (next === Number.POSITIVE_INFINITY) return;
    // No finer than a millisecond: a timer that comes too early would come again and again.
    this.#cancel = this.#init.clock.after(Math.max(1, Math.ceil(next - now)), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }

  /** The address that `server` sees datagrams come from; undefined where it does not answer. */
  async seenBy(server: HostAddress): Promise<HostAddress | undefined> {
    const path = this.path(server);
    if (path === undefined) return undefined;
    for (let tries = 0; tries < ECHO_TRIES && this.#closed === undefined; tries++) {
      const seen = await this.#echo(path);
      if (seen !== undefined) return seen;
    }
    return undefined;
  }

  #echo(path: Path): Promise<HostAddress | undefined> {
    const token = this.random.bytes(8);
    return new Promise((resolve) => {
      const finish = (seen: HostAddress | undefined): void => {
        cancel();
        this.#echoes.delete(listener);
        resolve(seen);
      };
      const listener = (datagram: Uint8Array): void => {
        const seen = readEcho(datagram, token);
        if (seen !== null) finish(seen);
      };
      const cancel = this.#init.clock.after(ECHO_WAIT_MS, () => finish(undefined));
      this.#echoes.add(listener);
      // To an address that the person at this machine has given.
      this.#sockets.emitUnbounded(path, encodeEchoRequest(token));
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#cancel();
    for (const runner of [...this.#runners]) await runner.close();
    await Promise.all(this.#init.endpoints.map((endpoint) => endpoint.close()));
  }
}
