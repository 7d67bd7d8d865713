import { LruCache } from '../../base/lru-cache.js';
import { networkOf } from '../../wire/address.js';
import {
  AMPLIFICATION,
  PROVED_FOR_MS,
  UNPROVED_HOST_BYTES,
  UNPROVED_NETWORK_BYTES,
  UNPROVED_REFILL_MS,
} from '../../wire/limits.js';
import type { Path } from './path.js';

/**
 * What may be sent to whom. A peer names the addresses at which it says it is, and anybody can write a sender's address on a
 * datagram: so nobody is sent much before he has shown that he receives there.
 *
 *     unproved ──answers a challenge, or has a TCP connection──▶ proved ──ten minutes of silence──▶ unproved
 *
 * To an unproved host goes three times what came from it, and besides an allowance in which a handshake fits, with a hole to
 * be punched. Its network has one too, since who names one address of a network can name all. Both come back slowly.
 */

/** Hosts and networks remembered; more are those of one who invents them, and those unused for longest are forgotten. */
const REMEMBERED = 4_096;

class Bucket {
  readonly #size: number;
  #level: number;
  #at: number;

  constructor(size: number, now: number) {
    this.#size = size;
    this.#level = size;
    this.#at = now;
  }

  /** Bytes that may be taken now. */
  level(now: number): number {
    this.#level = Math.min(this.#size, this.#level + ((now - this.#at) * this.#size) / UNPROVED_REFILL_MS);
    this.#at = now;
    return this.#level;
  }

  take(bytes: number): void {
    this.#level -= bytes;
  }
}

interface Standing {
  readonly own: Bucket;
  readonly network: Bucket;
  provedUntil: number;
  /** What may still go out for what has come. */
  credit: number;
  /** Taken from its network's. */
  taken: number;
}

export class Allowance {
  readonly #hosts = new LruCache<string, Standing>(REMEMBERED);
  readonly #networks = new LruCache<string, Bucket>(REMEMBERED);
  readonly #byPath = new WeakMap<Path, Standing>();
  #lastPath: Path | undefined;
  #last: Standing | undefined;

  /** Hosts and networks that are remembered. */
  get size(): number {
    return this.#hosts.size + this.#networks.size;
  }

  /** Something came from there. */
  onReceived(path: Path, bytes: number, now: number): void {
    if (path.stream || path.relay) return;
    const standing = this.#of(path, now);
    if (now < standing.provedUntil) standing.provedUntil = now + PROVED_FOR_MS;
    else standing.credit += AMPLIFICATION * bytes;
  }

  /** Whether that many bytes may go there now; they count as sent if so. */
  take(path: Path, bytes: number, now: number): boolean {
    if (path.stream || path.relay) return true;
    const standing = this.#of(path, now);
    if (now < standing.provedUntil) return true;
    if (standing.credit >= bytes) {
      standing.credit -= bytes;
      return true;
    }
    if (standing.own.level(now) < bytes || standing.network.level(now) < bytes) return false;
    standing.own.take(bytes);
    standing.network.take(bytes);
    standing.taken += bytes;
    return true;
  }

  isProved(path: Path, now: number): boolean {
    return path.stream || path.relay === true || now < this.#of(path, now).provedUntil;
  }

  /** Who is there receives what is sent there. Its network gets back what was taken for it: others there may be honest too. */
  prove(host: string, now: number): void {
    const standing = this.#host(host, now);
    standing.provedUntil = now + PROVED_FOR_MS;
    standing.network.take(-standing.taken);
    standing.taken = 0;
  }

  #of(path: Path, now: number): Standing {
    if (path === this.#lastPath) return this.#last!;
    let standing = this.#byPath.get(path);
    if (standing === undefined) {
      standing = this.#host(hostOf(path), now);
      this.#byPath.set(path, standing);
    }
    this.#lastPath = path;
    this.#last = standing;
    return standing;
  }

  #host(host: string, now: number): Standing {
    return this.#hosts.need(host, () => ({
      own: new Bucket(UNPROVED_HOST_BYTES, now),
      network: this.#networks.need(networkOf(host), () => new Bucket(UNPROVED_NETWORK_BYTES, now)),
      ...{ provedUntil: 0, credit: 0, taken: 0 },
    }));
  }
}

export const hostOf = (path: Path): string => path.key.split(' ')[0]!;
