import type { Random } from '../../base/random.js';
import { SigningKey } from '../../crypto/keys.js';
import { hostOf } from '../../transfer/protocol/allowance.js';
import type { Path } from '../../transfer/protocol/path.js';
import type { Endpoint, HostAddress } from '../../transfer/udp/endpoint.js';
import { openEndpoint } from '../../transfer/udp/open-endpoint.js';
import { answerEcho } from '../../wire/datagrams/echo.js';
import { TYPE } from '../../wire/datagrams/header.js';
import type { RelayCounters } from '../core/counters.js';
import type { RelayLimits } from '../core/limits.js';
import { type Onward, Relay } from '../core/relay.js';

export interface DriverOptions {
  /** Numeric addresses, at most one of each family; port 0 picks one, the same for both. */
  readonly listen: readonly HostAddress[];
  /** 32 bytes, of the relay's key. */
  readonly seed: Uint8Array;
  /** Whose tokens count. */
  readonly directoryId: string;
  readonly limits: RelayLimits;
  /** As of NodeOptions. */
  readonly use?: 'batch' | 'dgram';
}

/** Looks at the sockets that follow each other at once; what has to be sent meanwhile waits. */
const DRAINS_A_TURN = 8;
/** Sent in one turn before the sockets are looked at again: what they hold is ten times that. */
const SENT_A_TURN_BYTES = 512 << 10;
/** So long datagrams gather before they are taken in together. */
const NAP_MS = 0.15;
/** Turns in which nothing comes and nothing waits for room in a socket, after which the event loop tells of the next one. */
const IDLE_TURNS = 8;
const MAX_WAIT_MS = 60_000;

/** A relay on its sockets, in the thread that calls. It says besides where datagrams come from (wire/datagrams/echo.ts). */
export class RelayDriver {
  readonly #endpoints: readonly Endpoint[];
  readonly #relay: Relay;
  #held: Onward | undefined;
  #arrived = 0;
  #idleTurns = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  private constructor(endpoints: readonly Endpoint[], { seed, directoryId, limits }: DriverOptions, random: Random) {
    this.#endpoints = endpoints;
    this.#relay = new Relay({
      key: SigningKey.fromSeed(seed),
      ...{ directoryId, limits, random },
      emit: (path, datagram) => this.#endpointOf(path).sendOne(path, datagram),
      wall: () => Date.now(),
    });
    for (const endpoint of endpoints) {
      endpoint.onDatagrams = (bytes, view, at, length, path) => {
        this.#arrived++;
        if (view.getUint8(at) === TYPE.echoRequest) this.#echo(bytes.subarray(at, at + length), path, endpoint);
        else this.#relay.receive(bytes, view, at, length, path, performance.now());
      };
      endpoint.onTurn = () => this.#turn();
    }
    this.#rest();
  }

  /** @throws Failure unreachable 'address-in-use' */
  static async open(options: DriverOptions, random: Random): Promise<RelayDriver> {
    const endpoints: Endpoint[] = [];
    try {
      for (const { host, port } of options.listen) {
        endpoints.push(await openEndpoint({ host, port: endpoints[0]?.address.port ?? port }, options.use));
      }
    } catch (error) {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
      throw error;
    }
    return new RelayDriver(endpoints, options, random);
  }

  get port(): number {
    return this.#endpoints[0]!.address.port;
  }

  get counters(): RelayCounters {
    return this.#relay.counters;
  }

  #endpointOf(path: Path): Endpoint {
    const family = path.key.includes(':') ? 6 : 4;
    return this.#endpoints.find((endpoint) => endpoint.family === family) ?? this.#endpoints[0]!;
  }

  #echo(datagram: Uint8Array, path: Path, endpoint: Endpoint): void {
    const answer = answerEcho(datagram, hostOf(path), Number(path.key.split(' ')[1]));
    if (answer !== undefined) endpoint.sendOne(path, answer);
  }

  #turn(): void {
    if (this.#closed !== undefined) return;
    for (let more = true, i = 0; more && i < DRAINS_A_TURN; i++) {
      more = false;
      for (const endpoint of this.#endpoints) more = endpoint.drain() || more;
    }
    const now = performance.now();
    this.#relay.timeout(now);
    const waits = this.#send(now);
    this.#idleTurns = this.#arrived > 0 || waits || this.#held !== undefined ? 0 : this.#idleTurns + 1;
    this.#arrived = 0;
    if (this.#idleTurns < IDLE_TURNS) this.#goOn(!waits);
    else this.#rest();
  }

  /** @returns whether more could be sent at once */
  #send(now: number): boolean {
    for (let sent = 0; sent < SENT_A_TURN_BYTES; ) {
      const onward = this.#held ?? this.#relay.next(now);
      if (onward === undefined) return false;
      this.#held = undefined;
      const { path, piece } = onward;
      const endpoint = this.#endpointOf(path);
      const { train } = endpoint;
      train.bytes.set(piece.bytes.subarray(0, piece.length));
      train.length = piece.length;
      train.segment = piece.segment;
      if (endpoint.send(path, train) === 'busy') {
        this.#held = onward;
        return false;
      }
      this.#relay.release(piece);
      sent += piece.length;
    }
    return true;
  }

  /** Looks again soon, without being told: while datagrams come, being told of each costs more. */
  #goOn(nap: boolean): void {
    for (const endpoint of this.#endpoints) endpoint.watch(false);
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      if (nap) this.#endpoints[0]!.nap?.(NAP_MS);
      this.#turn();
    });
  }

  #rest(): void {
    for (const endpoint of this.#endpoints) endpoint.watch(true);
    const now = performance.now();
    const wait = Math.min(this.#relay.nextTimeout(now) - now, MAX_WAIT_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#turn(), Math.max(wait, 0));
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }
}
