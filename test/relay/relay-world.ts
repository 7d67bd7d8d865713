import type { Random } from '../../src/base/random.js';
import { Authority } from '../../src/crypto/ca.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { issueRelayToken } from '../../src/crypto/relay-token.js';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from '../../src/relay/core/limits.js';
import { Relay } from '../../src/relay/core/relay.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { type RelayAccess, RelayClient, type RelayState } from '../../src/transfer/protocol/relay-client.js';
import { TYPE, viewOf } from '../../src/wire/datagrams/header.js';
import { RELAY_DATA_BYTES, type Refused } from '../../src/wire/datagrams/relay.js';
import type { RelayToken } from '../../src/wire/relay.js';

/** A relay and its clients in simulated time: datagrams take a millisecond each way. */

const START = Date.UTC(2026, 0, 1, 12);
const LATENCY_MS = 1;

interface Flying {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

export class Station {
  readonly client: RelayClient;
  readonly heard: Uint8Array[] = [];
  readonly states: RelayState[] = [];
  refused: Refused | undefined;
  address: string;

  constructor(
    readonly world: RelayWorld,
    access: RelayAccess,
    address: string,
    lane: number,
  ) {
    this.address = address;
    const carrier: Path = { key: '192.0.2.1 4000', maxDatagram: 1_472, stream: false };
    this.client = new RelayClient(
      {
        ...{ access, carrier, lane, random: world.random },
        emit: (_path, datagram) => world.post(this.address, RELAY, datagram),
        onState: (state, why) => {
          this.states.push(state);
          this.refused = why;
        },
      },
      world.now,
    );
    world.stations.push(this);
  }

  say(bytes: Uint8Array): void {
    const wrapped = this.client.wrap(bytes);
    if (wrapped !== undefined) this.world.post(this.address, RELAY, wrapped);
  }

  receive(datagram: Uint8Array): void {
    if (datagram[0] === TYPE.relayData) {
      const { channel } = this.client;
      const [high, low] = [viewOf(datagram).getUint32(4), viewOf(datagram).getUint32(8)];
      if (channel?.high === high && channel.low === low) this.heard.push(datagram.slice(RELAY_DATA_BYTES));
      return;
    }
    this.client.receive(datagram, this.world.now);
  }
}

export const RELAY = 'relay';

export class RelayWorld {
  readonly relayKey: SigningKey;
  readonly authority: Authority;
  readonly stations: Station[] = [];
  readonly #paths = new Map<string, Path>();
  readonly #flying: Flying[] = [];
  /** Bytes and datagrams by address: from it, to it. */
  readonly traffic = new Map<string, { in: number; out: number; sent: number; got: number }>();
  relay: Relay;
  now = 0;
  /** Datagrams that are gone on the way: to whom, by whom. */
  lose: (from: string, to: string, bytes: Uint8Array) => boolean = () => false;

  constructor(
    readonly random: Random,
    readonly limits: Partial<RelayLimits> = {},
  ) {
    this.relayKey = SigningKey.generate(random);
    this.authority = authorityOf(random);
    this.relay = this.newRelay();
  }

  newRelay(): Relay {
    this.relay = new Relay({
      key: this.relayKey,
      directoryId: this.authority.trust.directoryId,
      limits: { ...DEFAULT_RELAY_LIMITS, ...this.limits },
      random: this.random,
      emit: (path, bytes) => this.post(RELAY, path.key, bytes.slice()),
      wall: () => this.wall,
    });
    return this.relay;
  }

  get wall(): number {
    return START + this.now;
  }

  access(own: string, other: string, over: Partial<RelayToken> = {}, authority = this.authority): RelayAccess {
    const holder = SigningKey.generate(this.random);
    const named = (name: string) => ({ user: name, device: deviceOf(name) });
    const token = issueRelayToken(authority, {
      relay: this.relayKey.publicKey,
      holder: named(own),
      other: named(other),
      key: holder.publicKey,
      expires: this.wall + 600_000,
      bytes: 1e12,
      ...over,
    });
    return { ...token, key: this.relayKey.publicKey, seed: holder.seed() };
  }

  station(own: string, other: string, init: { address?: string; access?: RelayAccess; lane?: number } = {}): Station {
    const { address = `${own} 1`, access = this.access(own, other), lane = 0 } = init;
    return new Station(this, access, address, lane);
  }

  path(key: string): Path {
    const known = this.#paths.get(key) ?? { key, maxDatagram: 1_472, stream: false };
    this.#paths.set(key, known);
    return known;
  }

  #count(address: string): { in: number; out: number; sent: number; got: number } {
    const known = this.traffic.get(address) ?? { in: 0, out: 0, sent: 0, got: 0 };
    this.traffic.set(address, known);
    return known;
  }

  post(from: string, to: string, bytes: Uint8Array): void {
    if (from === RELAY) {
      const count = this.#count(to);
      count.out += bytes.length;
      count.got++;
    }
    if (!this.lose(from, to, bytes)) this.#flying.push({ at: this.now + LATENCY_MS, from, to, bytes });
  }

  /** Hands bytes to the relay as if they had come from there. */
  inject(from: string, bytes: Uint8Array): void {
    const count = this.#count(from);
    count.in += bytes.length;
    count.sent++;
    this.relay.receive(bytes, viewOf(bytes), 0, bytes.length, this.path(from), this.now);
  }

  /** Everything that happens within so many milliseconds, a millisecond at a time. */
  run(ms: number, each: () => void = () => {}): void {
    for (const end = this.now + ms; this.now < end; this.now++) {
      each();
      for (const { from, to, bytes } of this.#flying.filter(({ at }) => at <= this.now)) {
        if (to === RELAY) this.inject(from, bytes);
        else for (const station of this.stations) if (station.address === to) station.receive(bytes);
      }
      const left = this.#flying.filter(({ at }) => at > this.now);
      this.#flying.splice(0, this.#flying.length, ...left);
      this.relay.timeout(this.now);
      for (let on = this.relay.next(this.now); on !== undefined; on = this.relay.next(this.now)) {
        const { path, piece } = on;
        for (let at = 0; at < piece.length; at += piece.segment) {
          this.post(RELAY, path.key, piece.bytes.slice(at, Math.min(at + piece.segment, piece.length)));
        }
        this.relay.release(piece);
      }
      for (const { client } of this.stations) if (client.nextTimeout() <= this.now) client.timeout(this.now);
    }
  }
}

export const deviceOf = (name: string): string => Buffer.from(name.padEnd(8, '.')).toString('hex').slice(0, 16);

export function authorityOf(random: Random): Authority {
  const key = SigningKey.generate(random);
  return Authority.create(key, { now: START, random });
}
