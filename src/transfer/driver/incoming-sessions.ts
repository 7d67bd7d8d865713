import { type ConnectionId, connectionKey } from '../../wire/datagrams/header.js';
import { AMPLIFICATION, UNCONFIRMED_MS } from '../../wire/limits.js';
import type { Path } from '../protocol/path.js';
import type { Receiver } from '../protocol/receiver.js';
import type { Host, Runner } from './host.js';

/** Unconfirmed sessions kept at a time: whoever replays old Initials does not push the true one out at once. */
const PENDING = 4;

export interface IncomingSession {
  readonly id: ConnectionId;
  readonly receiver: Receiver;
  readonly openedAt: number;
  /** Bytes, until its initiator has confirmed it: who wrote an address on an Initial need not be there. */
  received: number;
  sent: number;
}

/** The sessions of one incoming transfer: at most one whose initiator has shown that it holds the keys, and a few that wait. */
export class IncomingSessions {
  readonly #host: Host;
  readonly #runner: Runner;
  readonly #sessions = new Map<number, IncomingSession>();
  current: IncomingSession | undefined;

  constructor(host: Host, runner: Runner) {
    this.#host = host;
    this.#runner = runner;
  }

  /** Whose datagram it is that begins at `at`. */
  of(view: DataView, at: number): IncomingSession | undefined {
    const high = view.getUint32(at + 4);
    const low = view.getUint32(at + 8);
    const { current } = this;
    if (current !== undefined && current.id.high === high && current.id.low === low) return current;
    return this.#sessions.get(connectionKey(high, low));
  }

  add(session: IncomingSession): void {
    const pending = [...this.#sessions.values()].filter((one) => one !== this.current);
    if (pending.length >= PENDING) this.forget(pending[0]!);
    this.#sessions.set(connectionKey(session.id.high, session.id.low), session);
    this.#host.register(session.id, this.#runner);
  }

  /** Until it is confirmed a session says no more than three times what was said in it. */
  emit(session: IncomingSession, path: Path, datagram: Uint8Array): void {
    if (session !== this.current) {
      if (session.sent + datagram.length > AMPLIFICATION * session.received) return;
      session.sent += datagram.length;
    }
    this.#host.emit(path, datagram);
  }

  /** The initiator has shown that it holds the keys: earlier sessions are over. */
  confirm(session: IncomingSession): void {
    this.current = session;
    for (const other of [...this.#sessions.values()]) if (other !== session) this.forget(other);
  }

  forget(session: IncomingSession): void {
    this.#sessions.delete(connectionKey(session.id.high, session.id.low));
    this.#host.unregister(session.id);
  }

  forgetAll(): void {
    for (const session of [...this.#sessions.values()]) this.forget(session);
  }

  /** Of those that wait: what is due, and the end of those nobody confirmed. */
  timeout(now: number): void {
    for (const session of [...this.#sessions.values()]) {
      if (now >= session.openedAt + UNCONFIRMED_MS) this.forget(session);
      else session.receiver.flush(now);
    }
  }

  nextTimeout(): number {
    const due = [...this.#sessions.values()].map(({ receiver, openedAt }) =>
      Math.min(receiver.nextTimeout(), openedAt + UNCONFIRMED_MS),
    );
    return Math.min(Number.POSITIVE_INFINITY, ...due);
  }
}
