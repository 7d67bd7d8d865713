import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { isLoopback, isOwnAddress } from '../../net/interfaces.js';
import type { WantedPort } from '../../net/mapping/entry.js';
import { type GatewayState, PortMapper } from '../../net/mapping/port-mapper.js';
import type { Endpoint } from '../../wire/directory.js';
import type { ListenAddress } from './listen-address.js';

/**
 * The ports of this device at its router, so that others reach it from outside: that of its links (TCP), and that of its files
 * (UDP) once there are any. Asked for only where the directory sees an address that no interface here has, so where a router
 * is between, and never of anybody but the default gateway.
 */

export interface MappedPortsInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
}

export interface MappedPortsOwner {
  /** This device's address as the directory saw it. */
  seen(): string | undefined;
  /** Where links come in. */
  listening(): ListenAddress;
  /** The person who uses this installation wants it. */
  isWanted(): boolean;
  /** Others have to hear of it. */
  onChange(): void;
  onError(error: unknown): void;
}

/** Why the router is or isn't asked. */
export type MappingReason = 'asked' | 'off' | 'no router between' | 'not known' | 'loopback';

/** A command that says something and ends is reached by nobody: it asks no router for its links. */
const LINKS_AFTER_MS = 1_000;
/** Whoever answers does at once; one that knows only NAT-PMP, and says nothing to PCP, after three seconds. */
const PROBED_FOR_MS = 4_000;
const LOOK_EVERY_MS = 50;

export class MappedPorts {
  readonly #init: MappedPortsInit;
  readonly #mapper: PortMapper;
  #owner: MappedPortsOwner | undefined;
  #datagrams: number | undefined;
  #isLong = false;
  #asked = '';

  constructor(init: MappedPortsInit) {
    this.#init = init;
    this.#mapper = new PortMapper({ ...init, onChange: () => this.#owner?.onChange() });
    init.scope.defer(() => this.#mapper.close());
  }

  /** @param owner what has to be asked, once the network runs */
  begin(owner: MappedPortsOwner): void {
    const { clock, scope } = this.#init;
    this.#owner = owner;
    scope.after(clock, LINKS_AFTER_MS, () => {
      this.#isLong = true;
      this.look();
    });
  }

  /** Looks again whether the router is to be asked, and for what. */
  look(): void {
    const ports = this.reason() === 'asked' ? this.#ports() : [];
    const asked = JSON.stringify(ports);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#run(() => this.#mapper.want(ports));
  }

  /** Another network, or the directory is back: the router may be another one, or have lost its state. */
  refresh(): void {
    this.look();
    if (this.#asked.length > 2) this.#run(() => this.#mapper.refresh());
  }

  /** Files come in there from now on. */
  wantDatagrams(port: number): void {
    this.#datagrams = port;
    this.look();
  }

  /** Where links reach this device from outside. */
  endpoints(): Endpoint[] {
    return this.#mapped('tcp');
  }

  /** The same for files. */
  datagrams(): Endpoint[] {
    return this.#mapped('udp');
  }

  reason(): MappingReason {
    const { seen, isWanted, listening } = this.#owner ?? {};
    const [from, host] = [seen?.(), listening?.().host];
    if (from === undefined || host === undefined) return 'not known';
    if (isOwnAddress(from)) return 'no router between';
    if (isLoopback(host)) return 'loopback';
    return isWanted?.() === true ? 'asked' : 'off';
  }

  /** What would help whoever finds no path. */
  advice(): string | undefined {
    return this.reason() === 'off' ? 'The router here could open one: p2pchat preferences mapping on' : undefined;
  }

  /** What the router says, once it has had the time to: where it is asked for nothing, whether it is there. */
  async told(): Promise<GatewayState> {
    const { clock, scope } = this.#init;
    const until = clock.monotonic() + PROBED_FOR_MS;
    this.#isLong = true;
    this.look();
    if (this.reason() !== 'asked') await this.#mapper.probe();
    const isOpen = ({ speaks, mapped, trouble }: GatewayState): boolean =>
      trouble === undefined &&
      (this.reason() === 'asked' ? mapped.length < this.#ports().length : speaks === undefined);
    while (isOpen(this.#mapper.state) && clock.monotonic() < until && !scope.closed) {
      await scope.pause(clock, LOOK_EVERY_MS);
    }
    return this.#mapper.state;
  }

  #ports(): WantedPort[] {
    const ports: WantedPort[] = [];
    const listening = this.#owner?.listening();
    if (this.#isLong && listening !== undefined) ports.push({ protocol: 'tcp', port: listening.port });
    if (this.#datagrams !== undefined) ports.push({ protocol: 'udp', port: this.#datagrams });
    return ports;
  }

  #mapped(wanted: WantedPort['protocol']): Endpoint[] {
    if (this.reason() !== 'asked') return [];
    return this.#mapper.state.mapped.filter(({ protocol }) => protocol === wanted).map(({ external }) => external);
  }

  #run(work: () => Promise<void>): void {
    this.#init.scope.run(work, (error) => this.#owner?.onError(error));
  }
}
