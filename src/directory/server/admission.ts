import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../../base/clock.js';
import { addressKey } from '../guard/address.js';
import type { DirectoryLimits } from '../limits.js';

interface Admitted {
  readonly key: string;
  readonly cancelDeadline: Cancel;
  stranger: boolean;
}

/**
 * Which sockets are let in: so many at all, so many strangers from one address, and none for longer than the deadline
 * until its hello has been judged. Refusing costs no handshake.
 */
export class Admission {
  readonly #limits: DirectoryLimits;
  readonly #clock: Clock;
  readonly #sockets = new Map<string, Admitted>();
  readonly #strangers = new Map<string, number>();
  accepting = true;
  refused = 0;

  constructor(limits: DirectoryLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Destroys the socket where there is no room for it. */
  admit(socket: Socket): boolean {
    const key = addressKey(socket.remoteAddress ?? '');
    const id = socketId(socket);
    const strangers = this.#strangers.get(key) ?? 0;
    const full = this.#sockets.size >= this.#limits.connections || strangers >= this.#limits.strangersPerAddress;
    if (!this.accepting || full || socket.remoteAddress === undefined) {
      this.refused++;
      socket.destroy();
      return false;
    }
    const cancelDeadline = this.#clock.after(this.#limits.helloDeadline, () => socket.destroy());
    this.#sockets.set(id, { key, cancelDeadline, stranger: true });
    this.#strangers.set(key, strangers + 1);
    socket.once('close', () => this.#gone(id));
    return true;
  }

  /** Its hello has been judged. A device that has shown its certificate counts for its address no more. */
  greeted(socket: Socket, isDevice: boolean): void {
    const admitted = this.#sockets.get(socketId(socket));
    if (admitted === undefined) return;
    admitted.cancelDeadline();
    if (isDevice) this.#noStranger(admitted);
  }

  #gone(id: string): void {
    const admitted = this.#sockets.get(id);
    if (admitted === undefined) return;
    this.#sockets.delete(id);
    admitted.cancelDeadline();
    this.#noStranger(admitted);
  }

  #noStranger(admitted: Admitted): void {
    if (!admitted.stranger) return;
    admitted.stranger = false;
    const left = (this.#strangers.get(admitted.key) ?? 1) - 1;
    if (left > 0) this.#strangers.set(admitted.key, left);
    else this.#strangers.delete(admitted.key);
  }
}

/** The same for the TCP socket and the TLS socket upon it. */
const socketId = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
