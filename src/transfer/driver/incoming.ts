import { Failure, toFailure } from '../../base/errors.js';
import type { CloseReason, Range } from '../../wire/datagrams/control.js';
import { ACCEPT_BYTES, decodeInitial, encodeRetry } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, connectionKey, TYPE } from '../../wire/datagrams/header.js';
import { AMPLIFICATION, UNCONFIRMED_MS } from '../../wire/limits.js';
import { blockCount, contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import { manifestDigest } from '../files/file-source.js';
import type { PartialDownload } from '../files/partial-download.js';
import type { CookieGate } from '../protocol/cookies.js';
import { initialKeys } from '../protocol/keys.js';
import type { Path } from '../protocol/path.js';
import { Receiver } from '../protocol/receiver.js';
import { type Answered, Responder } from '../protocol/responder.js';
import type { Trace } from '../protocol/trace.js';
import type { HostAddress } from '../udp/endpoint.js';
import type { StreamPath } from '../udp/stream-path.js';
import { RateMeter, type TransferEvent, type TransferState } from './events.js';
import type { Host, Runner } from './host.js';
import { closedBy } from './outgoing.js';

/**
 * Receives the files of one transfer, over as many sessions as it takes.
 *
 *     connecting ──Initial, then a control packet──▶ running ──all there──▶ finishing ──placed──▶ done
 *         ▲                                            │
 *         └─────────────────silence────────────────────┘
 */

export interface IncomingInit {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly manifest: Manifest;
  readonly partial: PartialDownload;
  readonly candidates: readonly HostAddress[];
  readonly patience: number;
  readonly gate: CookieGate;
  /** Bytes the socket holds. */
  readonly buffer: number;
  readonly onEvent: (event: TransferEvent) => void;
  readonly trace?: Trace | undefined;
}

const PROGRESS_EVERY_MS = 200;
const SILENCE_MS = 6_000;
const WINDOW_BYTES = 48 << 20;
/** Unconfirmed sessions kept at a time: whoever replays old Initials does not push the true one out at once. */
const PENDING = 4;
/** After the end, a sender that did not hear of it is told again. */
const LINGER_MS = 5_000;

interface Session {
  readonly id: ConnectionId;
  readonly receiver: Receiver;
  readonly openedAt: number;
  /** Bytes, until its initiator has confirmed it: who wrote an address on an Initial need not be there. */
  received: number;
  sent: number;
}

export class Incoming implements Runner {
  readonly #host: Host;
  readonly #init: IncomingInit;
  readonly #responder: Responder;
  readonly #toInitiator: ConnectionId;
  readonly #size: number;
  readonly #meter = new RateMeter();
  readonly #sessions = new Map<number, Session>();
  #current: Session | undefined;
  /** Where its datagrams come from, and what ends the preparations for them. */
  #favoured: { readonly path: Path; readonly end: () => void } | undefined;
  #stream: StreamPath | undefined;
  #state: TransferState | undefined;
  #paused = false;
  #wanted: readonly Range[] = [];
  #lostAt: number;
  #progressAt = 0;
  #reported = 0;
  #finishing: Promise<void> | undefined;
  #placed = false;
  #over = false;
  #lingerUntil = Number.POSITIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(host: Host, init: IncomingInit) {
    this.#host = host;
    this.#init = init;
    this.#size = contentBytes(init.manifest);
    this.#lostAt = host.now();
    const secret = { id: init.id, secret: init.secret, manifest: manifestDigest(init.manifest) };
    this.#toInitiator = initialKeys(secret).toInitiator;
    this.#responder = new Responder({
      secret,
      fields: { window: WINDOW_BYTES, buffer: init.buffer },
      random: host.random,
      emit: (path, datagram) => host.emit(path, datagram),
      now: host.now(),
    });
    host.register(this.#responder.id, this);
    this.#setState('connecting');
    init.onEvent({ type: 'paths', paths: init.partial.paths });
    this.#reportHave();
    this.addCandidates(init.candidates);
  }

  addCandidates(addresses: readonly HostAddress[]): void {
    for (const address of addresses) {
      const path = this.#host.path(address);
      if (path !== undefined) this.#responder.add(path, this.#host.now());
    }
    this.#host.wake();
  }

  attachStream(stream: StreamPath): void {
    this.#stream?.close();
    this.#stream = stream;
  }

  receive(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path, now: number): void {
    const type = view.getUint8(at);
    if (type === TYPE.initial) {
      this.#onInitial(bytes.subarray(at, at + length), path, now);
      return;
    }
    const session = this.#sessionAt(view, at);
    if (session === undefined) return;
    session.received += length;
    if (type === TYPE.data) {
      if (this.#current !== undefined && this.#current !== session) return;
      session.receiver.receiveData(bytes, view, at, length, path, now);
    } else if (type === TYPE.control) {
      const authentic = session.receiver.receiveControl(bytes.subarray(at, at + length), path, now);
      if (authentic && this.#current !== session) this.#confirm(session, now);
    }
  }

  #sessionAt(view: DataView, at: number): Session | undefined {
    const high = view.getUint32(at + 4);
    const low = view.getUint32(at + 8);
    const current = this.#current;
    if (current !== undefined && current.id.high === high && current.id.low === low) return current;
    return this.#sessions.get(connectionKey(high, low));
  }

  #onInitial(datagram: Uint8Array, path: Path, now: number): void {
    const { gate } = this.#init;
    const verdict = path.stream ? 'judge' : gate.judge(decodeInitial(datagram).cookie, path.key, now);
    if (verdict === 'drop') return;
    if (verdict === 'retry') {
      this.#host.emit(path, encodeRetry(this.#toInitiator, gate.cookie(path.key, now)));
      return;
    }
    const answered = this.#responder.receive(datagram, path);
    if (answered !== null) this.#open(answered, datagram.length, now);
  }

  #open({ keys, path }: Answered, received: number, now: number): void {
    const pending = [...this.#sessions.values()].filter((session) => session !== this.#current);
    if (pending.length >= PENDING) this.#forget(pending[0]!);
    const receiver = new Receiver({
      keys,
      manifest: this.#init.manifest,
      sink: this.#init.partial,
      path,
      window: WINDOW_BYTES,
      buffer: this.#init.buffer,
      random: this.#host.random,
      emit: (to, datagram) => this.#emit(session, to, datagram),
      now,
      ...(this.#init.trace === undefined ? {} : { trace: this.#init.trace }),
    });
    const session: Session = { id: keys.toResponder, receiver, openedAt: now, received, sent: ACCEPT_BYTES };
    this.#sessions.set(connectionKey(session.id.high, session.id.low), session);
    this.#host.register(session.id, this);
    if (this.#wanted.length > 0) receiver.prefer(this.#wanted, now);
    if (this.#paused) receiver.pause(true, now);
    else receiver.flush(now);
  }

  /** Until it is confirmed a session says no more than three times what was said in it. */
  #emit(session: Session, path: Path, datagram: Uint8Array): void {
    if (session !== this.#current) {
      if (session.sent + datagram.length > AMPLIFICATION * session.received) return;
      session.sent += datagram.length;
    }
    this.#host.emit(path, datagram);
  }

  #forget(session: Session): void {
    this.#sessions.delete(connectionKey(session.id.high, session.id.low));
    this.#host.unregister(session.id);
  }

  /** The initiator has shown that it holds the keys: earlier sessions are over. */
  #confirm(session: Session, now: number): void {
    this.#current = session;
    for (const other of [...this.#sessions.values()]) if (other !== session) this.#forget(other);
    if (this.#placed) session.receiver.finish(now);
    else this.#setState(this.#paused ? 'paused' : 'running');
  }

  work(now: number): boolean {
    if (now >= this.#lingerUntil) {
      void this.close();
      return false;
    }
    const session = this.#current;
    if (session === undefined) {
      this.#seek(now);
      return false;
    }
    const { receiver } = session;
    this.#favour(receiver.path);
    receiver.flush(now);
    if (receiver.complete && this.#finishing === undefined) this.#finish();
    if (now >= this.#progressAt) this.#report(receiver, now);
    if (receiver.end !== undefined) this.#onEnd(receiver, session, now);
    else if (now >= receiver.lastHeard + SILENCE_MS) this.#lost(session, now);
    return false;
  }

  #favour(path: Path | undefined): void {
    if (this.#favoured?.path === path) return;
    this.#favoured?.end();
    this.#favoured = path && { path, end: this.#host.favour(path) };
  }

  #seek(now: number): void {
    for (const session of [...this.#sessions.values()]) {
      if (now >= session.openedAt + UNCONFIRMED_MS) this.#forget(session);
      else session.receiver.flush(now);
    }
    if (this.#over) return;
    // Ended after the last block: the sender may have heard that it is there, and come no more.
    if (this.#finishing === undefined && this.#isWhole) this.#finish();
    this.#responder.timeout(now);
    if (now < this.#lostAt + this.#init.patience) return;
    this.#fail(
      new Failure('transfer-unreachable', 'the sender could not be reached', {
        hint: 'It goes on where it stopped when the sender is there again.',
      }),
    );
  }

  get #isWhole(): boolean {
    return this.#init.partial.have.size === blockCount(this.#init.manifest);
  }

  #finish(): void {
    this.#setState('finishing');
    this.#reportHave();
    this.#finishing = this.#place().catch((error: unknown) => {
      this.#current?.receiver.close('failed');
      this.#fail(toFailure(error));
    });
  }

  async #place(): Promise<void> {
    const { partial, onEvent } = this.#init;
    await partial.place();
    this.#placed = true;
    onEvent({ type: 'paths', paths: partial.paths });
    const now = this.#host.now();
    if (this.#current !== undefined) {
      this.#current.receiver.finish(now);
      this.#current.receiver.flush(now);
      this.#report(this.#current.receiver, now);
    }
    this.#host.wake();
    const files = await partial.finish();
    this.#over = true;
    this.#lingerUntil = this.#host.now() + LINGER_MS;
    onEvent({ type: 'done', files });
  }

  idle(): boolean {
    return this.#finishing === undefined && this.#init.partial.idle();
  }

  #report(receiver: Receiver, now: number): void {
    this.#progressAt = now + PROGRESS_EVERY_MS;
    this.#reportHave();
    const { have } = this.#init.partial;
    const bytes = Math.min(this.#size, have.size * this.#init.manifest.block);
    this.#init.onEvent({
      type: 'progress',
      progress: {
        bytes,
        size: this.#size,
        rate: this.#meter.update(bytes, now),
        rtt: 0,
        loss: 0,
        path: receiver.path.key,
        reason: this.#paused ? 'paused' : 'bandwidth',
        mtu: 0,
      },
    });
  }

  /** In coarse pieces: enough for a player to know what it can have. */
  #reportHave(): void {
    const { have } = this.#init.partial;
    if (have.size === this.#reported) return;
    this.#reported = have.size;
    this.#init.onEvent({ type: 'have', ranges: have.newest(Number.POSITIVE_INFINITY) });
  }

  #onEnd(receiver: Receiver, session: Session, now: number): void {
    const { reason, failure } = receiver.end!;
    this.#forget(session);
    this.#current = undefined;
    this.#favour(undefined);
    if (this.#placed) {
      if (this.#over) this.#lingerUntil = Math.min(this.#lingerUntil, now + 100);
      return;
    }
    if (this.#finishing !== undefined || isPassing(reason)) {
      this.#await(now);
      return;
    }
    this.#fail(failure ?? closedBy(reason));
  }

  #lost(session: Session, now: number): void {
    this.#forget(session);
    this.#await(now);
  }

  #await(now: number): void {
    this.#current = undefined;
    this.#favour(undefined);
    this.#lostAt = now;
    this.#responder.restart(now);
    if (!this.#over && this.#finishing === undefined) this.#setState('connecting');
  }

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.#init.onEvent({ type: 'failed', failure });
    this.close().catch(() => {});
  }

  crash(failure: Failure): void {
    this.#fail(failure);
    this.close().catch(() => {});
  }

  nextTimeout(): number {
    const session = this.#current;
    if (session === undefined) {
      const pending = [...this.#sessions.values()].map(({ receiver, openedAt }) =>
        Math.min(receiver.nextTimeout(), openedAt + UNCONFIRMED_MS),
      );
      return Math.min(this.#responder.nextTimeout(), this.#lostAt + this.#init.patience, this.#lingerUntil, ...pending);
    }
    return Math.min(session.receiver.nextTimeout(), this.#progressAt, this.#lingerUntil);
  }

  /** Blocks that something waits for. */
  want(ranges: readonly Range[]): void {
    this.#wanted = ranges;
    this.#current?.receiver.prefer(ranges, this.#host.now());
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#current?.receiver.pause(paused, this.#host.now());
    if (this.#current !== undefined && !this.#over) this.#setState(paused ? 'paused' : 'running');
  }

  /** @param discard whether what has come is removed too */
  async cancel(discard: boolean): Promise<void> {
    this.#current?.receiver.close('cancelled');
    this.#fail(new Failure('transfer-cancelled'));
    await this.close();
    if (discard && !this.#placed) await this.#init.partial.discard();
  }

  #setState(state: TransferState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#init.onEvent({ type: 'state', state });
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#over = true;
    this.#host.unregister(this.#responder.id);
    for (const session of [...this.#sessions.values()]) this.#forget(session);
    this.#stream?.close();
    this.#favour(undefined);
    this.#host.retire(this);
    await this.#finishing;
    await this.#init.partial.close();
  }
}

/** Ends of a session which are not the end of the transfer. */
const isPassing = (reason: CloseReason): boolean => reason === 'renewed' || reason === 'done';
