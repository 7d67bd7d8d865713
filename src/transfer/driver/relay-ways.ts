import { hex } from '../../base/bytes.js';
import type { Failure } from '../../base/errors.js';
import { type ConnectionId, TYPE } from '../../wire/datagrams/header.js';
import { RELAY_DATA_BYTES, type Refused } from '../../wire/datagrams/relay.js';
import type { Path } from '../protocol/path.js';
import { type RelayAccess, RelayClient, type RelayState } from '../protocol/relay-client.js';
import type { RelayHost, Runner } from './host.js';
import type { RelayOffer, RelayUser } from './relay-offer.js';

/** Kinds of traffic that a relay keeps apart (docs/protocol.md). */
export const LANE = { transfers: 0, links: 1 } as const;
/** The next transfer with the same device finds it bound. */
const LINGER_MS = 10_000;

/** The relays that the transfers, or the links, of this thread go by: each binding once, however many of them use it. */
export class RelayWays {
  readonly #host: RelayHost;
  readonly #lane: number;
  readonly #ways = new Map<string, RelayWay>();

  constructor(host: RelayHost, lane: number) {
    this.#host = host;
    this.#lane = lane;
  }

  /** The same again with another token takes the place of the one before. */
  use(offer: RelayOffer, user: RelayUser): void {
    const carrier = this.#host.path(offer.address);
    if (carrier === undefined) return;
    const key = `${hex(offer.key)} ${carrier.key} ${offer.other}`;
    const known = this.#ways.get(key);
    if (known !== undefined) {
      known.use(user, offer);
      return;
    }
    const way = new RelayWay(this.#host, { offer, carrier, lane: this.#lane }, () => this.#ways.delete(key));
    this.#ways.set(key, way);
    way.use(user, offer);
    this.#host.add(way);
  }

  leave(user: RelayUser): void {
    for (const way of this.#ways.values()) way.leave(user);
  }
}

/** One binding. */
class RelayWay implements Runner {
  readonly #host: RelayHost;
  readonly #client: RelayClient;
  readonly #onClose: () => void;
  readonly #users = new Set<RelayUser>();
  #channel: ConnectionId | undefined;
  #why: Refused | undefined;
  #closeAt = Number.POSITIVE_INFINITY;

  constructor(
    host: RelayHost,
    { offer, carrier, lane }: { readonly offer: RelayOffer; readonly carrier: Path; readonly lane: number },
    onClose: () => void,
  ) {
    this.#host = host;
    this.#onClose = onClose;
    this.#client = new RelayClient(
      {
        ...{ access: offer, carrier, lane, random: host.random },
        emit: (path, datagram) => host.emit(path, datagram),
        onState: (state, why) => this.#onState(state, why),
      },
      host.now(),
    );
    host.register(this.#client.id, this);
  }

  use(user: RelayUser, offer: RelayAccess): void {
    const now = this.#host.now();
    this.#closeAt = Number.POSITIVE_INFINITY;
    this.#client.renew(offer, now);
    this.#users.add(user);
    if (this.#client.state !== 'binding') user.onRelay(this.#client.path, this.#client.state, this.#why);
    this.#host.wake();
  }

  leave(user: RelayUser): void {
    if (this.#users.delete(user) && this.#users.size === 0) this.#closeAt = this.#host.now() + LINGER_MS;
  }

  #onState(state: RelayState, why: Refused | undefined): void {
    this.#why = why;
    // Its answer has come here: no more than one datagram for one, until now.
    if (state === 'bound') this.#host.prove(this.#client.path.carrier);
    this.#follow();
    for (const user of [...this.#users]) user.onRelay(this.#client.path, state, why);
    this.#host.wake();
  }

  /** The channel may be another one after each Bound. */
  #follow(): void {
    const { channel } = this.#client;
    if (channel === this.#channel) return;
    if (this.#channel !== undefined) this.#host.unregister(this.#channel);
    this.#channel = channel;
    if (channel !== undefined) this.#host.register(channel, this);
  }

  receive(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path, now: number): void {
    const { path: own } = this.#client;
    if (path !== own.carrier && path.key !== own.carrier.key) return;
    if (view.getUint8(at) === TYPE.relayData) {
      this.#host.relayed(bytes, view, at + RELAY_DATA_BYTES, length - RELAY_DATA_BYTES, own);
      return;
    }
    this.#client.receive(bytes.slice(at, at + length), now);
    this.#follow();
  }

  work(now: number): boolean {
    if (now >= this.#closeAt) void this.close();
    else if (now >= this.#client.nextTimeout()) this.#client.timeout(now);
    return false;
  }

  nextTimeout(): number {
    return Math.min(this.#client.nextTimeout(), this.#closeAt);
  }

  crash(_failure: Failure): void {
    void this.close();
  }

  async close(): Promise<void> {
    this.#onClose();
    this.#host.unregister(this.#client.id);
    if (this.#channel !== undefined) this.#host.unregister(this.#channel);
    this.#host.retire(this);
  }
}
