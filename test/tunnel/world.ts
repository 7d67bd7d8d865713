import { concat } from '../../src/base/bytes.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { tunnelKeys } from '../../src/crypto/tunnel-secret.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { Tunnel } from '../../src/tunnel/core/tunnel.js';

/** Two ends of a tunnel in simulated time, a relay and direct paths between them that do what they are told. */

/** What a path does to what goes by it. Chances are of a thousand. */
export interface Weather {
  up: boolean;
  delay: number;
  jitter: number;
  loss: number;
  /** A datagram comes again, now and some time later; a byte of it is another one. */
  replay: number;
  corrupt: number;
  /** Larger ones do not get through. */
  most: number;
}

export const CLEAR: Weather = { up: true, delay: 10, jitter: 0, loss: 0, replay: 0, corrupt: 0, most: 1_500 };

export class End {
  readonly tunnel: Tunnel;
  readonly heard: Uint8Array[] = [];
  /** When the bytes up to there had come. */
  readonly came: { at: number; bytes: number }[] = [];
  readonly moves: { at: number; path: string }[] = [];
  readonly paths = new Map<string, Path>();
  ended = false;
  closedAt: number | undefined;
  bytes = 0;

  constructor(world: TunnelWorld, side: 0 | 1) {
    const keys = tunnelKeys(world.secret, world.nonces);
    const [out, incoming] = side === 0 ? [keys.toCalled, keys.toCaller] : [keys.toCaller, keys.toCalled];
    this.tunnel = new Tunnel(
      {
        ...{ random: world.random, out, in: incoming },
        emit: (path, datagram) => world.carry(side, path.key, datagram),
        onBytes: (bytes) => {
          this.heard.push(bytes);
          this.bytes += bytes.length;
          this.came.push({ at: world.now, bytes: this.bytes });
          this.tunnel.consumed(bytes.length, world.now);
        },
        onEnd: () => {
          this.ended = true;
        },
        onRoom() {},
        onMoved: () => this.moves.push({ at: world.now, path: this.tunnel.path?.key ?? '' }),
        onAddresses() {},
        onProved() {},
        onClosed: () => {
          this.closedAt = world.now;
        },
      },
      world.now,
    );
  }

  path(key: string): Path {
    const known = this.paths.get(key);
    if (known !== undefined) return known;
    const path: Path = { key, maxDatagram: 1_200, stream: false, ...(key.startsWith('relay') && { relay: true }) };
    this.paths.set(key, path);
    return path;
  }

  get text(): Uint8Array {
    return concat(...this.heard);
  }
}

interface Flying {
  readonly at: number;
  readonly order: number;
  readonly to: 0 | 1;
  readonly key: string;
  readonly datagram: Uint8Array;
}

export class TunnelWorld {
  now = 0;
  readonly secret: Uint8Array;
  readonly nonces;
  readonly ends: readonly [End, End];
  readonly weather = new Map<string, Weather>();
  sent = 0;
  #flying: Flying[] = [];
  #order = 0;

  constructor(readonly random: Random) {
    this.secret = random.bytes(32);
    this.nonces = { id: random.bytes(16), caller: random.bytes(16), called: random.bytes(16) };
    this.ends = [new End(this, 0), new End(this, 1)];
  }

  /** Both ends are bound at a relay. */
  relay(key = 'relay 1'): void {
    this.weather.set(key, { ...CLEAR });
    for (const end of this.ends) end.tunnel.onRelay(end.path(key), true, this.now);
  }

  /** Each end knows where the other is. */
  direct(key: string, weather: Partial<Weather> = {}): void {
    this.weather.set(key, { ...CLEAR, ...weather });
    for (const end of this.ends) end.tunnel.consider(end.path(key), this.now);
  }

  of(key: string): Weather {
    return this.weather.get(key)!;
  }

  dice(chance: number): boolean {
    return randomBelow(this.random, 1_000) < chance;
  }

  carry(from: 0 | 1, key: string, datagram: Uint8Array): void {
    const weather = this.weather.get(key);
    this.sent += datagram.length;
    if (weather === undefined || !weather.up || datagram.length > weather.most || this.dice(weather.loss)) return;
    const to = from === 0 ? 1 : 0;
    const arrive = (bytes: Uint8Array, later: number): void => {
      const delay = weather.delay + (weather.jitter > 0 ? randomBelow(this.random, weather.jitter) : 0) + later;
      this.#add({ at: this.now + delay, order: this.#order++, to, key, datagram: bytes });
    };
    const changed = datagram.slice();
    if (this.dice(weather.corrupt))
      changed[randomBelow(this.random, changed.length)]! ^= 1 + randomBelow(this.random, 255);
    arrive(changed, 0);
    if (!this.dice(weather.replay)) return;
    arrive(datagram.slice(), 0);
    arrive(datagram.slice(), randomBelow(this.random, 5_000));
  }

  /** The next one stands last. */
  #add(flying: Flying): void {
    let [low, high] = [0, this.#flying.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#flying[middle]!;
      if (other.at > flying.at || (other.at === flying.at && other.order > flying.order)) low = middle + 1;
      else high = middle;
    }
    this.#flying.splice(low, 0, flying);
  }

  run(ms: number, until: () => boolean = () => false): boolean {
    const end = this.now + ms;
    for (;;) {
      if (until()) return true;
      const flying = this.#flying.at(-1);
      const due = Math.min(...this.ends.map(({ tunnel }) => tunnel.nextTimeout(this.now)));
      const next = Math.max(this.now, Math.min(flying?.at ?? Number.POSITIVE_INFINITY, due));
      if (next > end) {
        this.now = end;
        return until();
      }
      this.now = next;
      if (flying !== undefined && flying.at <= next) {
        this.#flying.pop();
        const target = this.ends[flying.to];
        try {
          target.tunnel.receive(flying.datagram, target.path(flying.key), this.now);
        } catch {
          // Malformed: dropped, as the sockets do.
        }
      }
      for (const { tunnel } of this.ends) if (tunnel.nextTimeout(this.now) <= this.now) tunnel.timeout(this.now);
    }
  }
}
