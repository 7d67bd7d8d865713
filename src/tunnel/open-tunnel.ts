import type { Failure } from '../base/errors.js';
import type { TunnelKey } from '../crypto/tunnel-secret.js';
import type { Runner } from '../transfer/driver/host.js';
import type { RelayOffer, RelayUser } from '../transfer/driver/relay-offer.js';
import type { Path } from '../transfer/protocol/path.js';
import type { RelayPath, RelayState } from '../transfer/protocol/relay-client.js';
import type { HostAddress } from '../transfer/udp/endpoint.js';
import type { Refused } from '../wire/datagrams/relay.js';
import { Tunnel } from './core/tunnel.js';
import type { TunnelHost } from './tunnel-host.js';
import { TunnelStream } from './tunnel-stream.js';

export interface OpenTunnelInit {
  readonly host: TunnelHost;
  readonly out: TunnelKey;
  readonly in: TunnelKey;
  /** Whether this machine may speak to an address that the other side names. */
  mayCall(address: HostAddress): boolean;
}

/** One tunnel on the sockets of this program. */
export class OpenTunnel implements Runner, RelayUser {
  readonly stream: TunnelStream;
  readonly #init: OpenTunnelInit;
  readonly #tunnel: Tunnel;
  readonly #settle: () => void;
  /** Why no relay helps, by relay. */
  readonly #refused = new Map<string, Refused>();
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;
  /** The path in use is another one. */
  onMoved: () => void = () => {};

  constructor(init: OpenTunnelInit) {
    this.#init = init;
    const { host } = init;
    const now = (): number => host.now();
    let settle = (): void => {};
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
    this.stream = new TunnelStream(
      () => this.#tunnel,
      () => this.#now(),
    );
    // Its end is told by `close`; what broke it, nobody has to hear of twice.
    this.stream.on('error', () => {});
    this.#tunnel = new Tunnel(
      {
        ...{ random: host.random, out: init.out, in: init.in },
        emit: (path, datagram) => host.emit(path, datagram),
        onBytes: (bytes) => this.stream.arrive(bytes),
        onEnd: () => this.stream.ended(),
        onRoom: () => this.stream.hasRoom(),
        onMoved: () => this.onMoved(),
        onAddresses: (addresses) => this.consider(addresses),
        onProved: (path) => host.prove(path),
        onClosed: () => this.#gone(),
      },
      now(),
    );
    host.register(init.in.id, this);
    host.add(this);
  }

  /** Timers follow each thing that is done from outside. */
  #now(): number {
    queueMicrotask(() => this.#init.host.wake());
    return this.#init.host.now();
  }

  /** The path in use. */
  get path(): Path | undefined {
    return this.#tunnel.path;
  }

  /** By which the newest came. */
  get heardBy(): Path | undefined {
    return this.#tunnel.heardBy;
  }

  /** The other side may be there. */
  consider(addresses: readonly HostAddress[]): void {
    const { host, mayCall } = this.#init;
    for (const address of addresses.filter(mayCall)) {
      const path = host.path(address);
      if (path !== undefined) this.#tunnel.consider(path, this.#now());
    }
  }

  /** This side may be there. */
  tell(addresses: readonly HostAddress[]): void {
    if (addresses.length > 0) this.#tunnel.tell(addresses, this.#now());
  }

  /** Relays at which the two may meet, or other tokens for those that are known. */
  useRelays(offers: readonly RelayOffer[]): void {
    if (this.#tunnel.closed) return;
    for (const offer of offers) this.#init.host.relays.use(offer, this);
  }

  onRelay(path: RelayPath, state: RelayState, why?: Refused): void {
    if (why === undefined) this.#refused.delete(path.key);
    else this.#refused.set(path.key, why);
    this.#tunnel.onRelay(path, state === 'bound', this.#now());
  }

  receive(bytes: Uint8Array, _view: DataView, at: number, length: number, path: Path, now: number): void {
    this.#tunnel.receive(bytes.slice(at, at + length), path, now);
    this.#now();
  }

  work(now: number): boolean {
    this.#tunnel.timeout(now);
    return false;
  }

  nextTimeout(now: number): number {
    return this.#tunnel.nextTimeout(now);
  }

  crash(_failure: Failure): void {
    try {
      this.#tunnel.close();
    } catch {
      this.#gone();
    }
  }

  #gone(): void {
    const { host } = this.#init;
    host.unregister(this.#init.in.id);
    host.retire(this);
    host.relays.leave(this);
    this.stream.destroy();
    this.#settle();
  }

  async close(): Promise<void> {
    this.#tunnel.close();
  }
}
