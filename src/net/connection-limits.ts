import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../base/clock.js';
import { LruCache } from '../base/lru-cache.js';
import { addressKey } from './address.js';

export interface ConnectionBounds {
  /** Sockets at once, all together. Each costs some 40 KB and a descriptor. */
  readonly connections: number;
  /** Those of them that have not shown a device certificate yet, handshakes under way included. */
  readonly strangers: number;
  /** The same from one address (IPv6: /64). */
  readonly strangersPerAddress: number;
  /** From accept to a judged hello, milliseconds. */
  readonly helloDeadline: number;
}

interface Admitted {
  readonly key: string;
  readonly socket: Socket;
  readonly cancelDeadline: Cancel;
}

/** Addresses of devices that have been here, as many as are remembered. */
const KNOWN_ADDRESSES = 20_000;
/** So many strangers of an address from which a device has come don't count against it when room is made. */
const KNOWN_SHARE = 8;

/**
 * Which sockets are let in: so many at all, so many strangers, so many of those from one address, and none for longer than the
 * deadline until its hello has been judged. Where there is no room for a stranger, the address that has most of them loses its
 * oldest: so those who come one by one get in however many others sit there. Refusing costs no handshake.
 */
export class ConnectionLimits {
  readonly #limits: ConnectionBounds;
  readonly #clock: Clock;
  readonly #sockets = new Map<string, Admitted>();
  /** By address, the oldest first. */
  readonly #strangers = new Map<string, Set<string>>();
  readonly #known = new LruCache<string, true>(KNOWN_ADDRESSES);
  #strangersAll = 0;
  accepting = true;
  /** Closed at once, by why. */
  readonly turnedAway = { paused: 0, full: 0 };

  constructor(limits: ConnectionBounds, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get refused(): number {
    return this.turnedAway.paused + this.turnedAway.full;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Destroys the socket where there is no room for it. */
  admit(socket: Socket): boolean {
    const { remoteAddress } = socket;
    const key = addressKey(remoteAddress ?? '');
    if (!this.accepting || remoteAddress === undefined || !this.#hasRoom(key)) {
      this.turnedAway[this.accepting ? 'full' : 'paused']++;
      socket.destroy();
      return false;
    }
    const id = socketId(socket);
    const cancelDeadline = this.#clock.after(this.#limits.helloDeadline, () => socket.destroy());
    this.#sockets.set(id, { key, socket, cancelDeadline });
    const others = this.#strangers.get(key);
    if (others === undefined) this.#strangers.set(key, new Set([id]));
    else others.add(id);
    this.#strangersAll++;
    socket.once('close', () => this.#gone(id));
    return true;
  }

  /** Its hello has been judged. A device that has shown its certificate counts for its address no more. */
  greeted(socket: Socket, isDevice: boolean): void {
    const id = socketId(socket);
    const admitted = this.#sockets.get(id);
    if (admitted === undefined) return;
    admitted.cancelDeadline();
    if (!isDevice) return;
    this.#noStranger(id, admitted.key);
    this.#known.set(admitted.key, true);
  }

  #hasRoom(key: string): boolean {
    const { connections, strangers, strangersPerAddress } = this.#limits;
    if ((this.#strangers.get(key)?.size ?? 0) >= strangersPerAddress) return false;
    return (this.#sockets.size < connections && this.#strangersAll < strangers) || this.#makeRoom(key);
  }

  /** @returns false where nobody has more strangers here than the newcomer would have */
  #makeRoom(newcomer: string): boolean {
    let [heaviest, most] = [newcomer, this.#weight(newcomer, 1)];
    for (const key of this.#strangers.keys()) {
      const weight = this.#weight(key, 0);
      if (key !== newcomer && weight > most) [heaviest, most] = [key, weight];
    }
    if (heaviest === newcomer) return false;
    const [oldest] = this.#strangers.get(heaviest)!;
    const { socket } = this.#sockets.get(oldest!)!;
    this.#gone(oldest!);
    socket.destroy();
    this.turnedAway.full++;
    return true;
  }

  #weight(key: string, more: number): number {
    const strangers = (this.#strangers.get(key)?.size ?? 0) + more;
    return this.#known.has(key) ? strangers - KNOWN_SHARE : strangers;
  }

  #gone(id: string): void {
    const admitted = this.#sockets.get(id);
    if (admitted === undefined) return;
    this.#sockets.delete(id);
    admitted.cancelDeadline();
    this.#noStranger(id, admitted.key);
  }

  #noStranger(id: string, key: string): void {
    const strangers = this.#strangers.get(key);
    if (strangers === undefined || !strangers.delete(id)) return;
    this.#strangersAll--;
    if (strangers.size === 0) this.#strangers.delete(key);
  }
}

/** The same for the TCP socket and the TLS socket upon it. */
const socketId = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
