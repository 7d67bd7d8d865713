import { Failure, toFailure } from '../../base/errors.js';
import type { CloseReason, Range } from '../../wire/datagrams/control.js';
import { ACCEPT_BYTES, decodeInitial, encodeRetry } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, TYPE } from '../../wire/datagrams/header.js';
import type { Refused } from '../../wire/datagrams/relay.js';
import { blockCount, contentBytes } from '../../wire/transfer-manifest.js';
import { manifestDigest } from '../files/file-source.js';
import { initialKeys } from '../protocol/keys.js';
import type { Path } from '../protocol/path.js';
import { Receiver } from '../protocol/receiver.js';
import type { RelayPath, RelayState } from '../protocol/relay-client.js';
import { type Answered, Responder } from '../protocol/responder.js';
import type { HostAddress } from '../udp/endpoint.js';
import type { StreamPath } from '../udp/stream-path.js';
import { closedBy } from './close-reasons.js';
import type { TransferState } from './events.js';
import { Favourite } from './favourite.js';
import type { Host, Runner } from './host.js';
import type { IncomingInit } from './incoming-init.js';
import { type IncomingSession, IncomingSessions } from './incoming-sessions.js';
import { ProgressReport } from './progress.js';
import type { RelayOffer, RelayUser } from './relay-offer.js';

/**
 * Receives the files of one transfer, over as many sessions as it takes.
 *
 *     connecting ──Initial, then a control packet──▶ running ──all there──▶ finishing ──placed──▶ done
 *         ▲                                            │
 *         └─────────────────silence────────────────────┘
 */

const SILENCE_MS = 6_000;
const WINDOW_BYTES = 48 << 20;
/** After the end, a sender that did not hear of it is told again. */
const LINGER_MS = 5_000;

export class Incoming implements Runner, RelayUser {
  readonly #host: Host;
  readonly #init: IncomingInit;
  readonly #responder: Responder;
  readonly #toInitiator: ConnectionId;
  readonly #size: number;
  readonly #progress: ProgressReport;
  readonly #sessions: IncomingSessions;
  readonly #favourite: Favourite;
  #stream: StreamPath | undefined;
  #state: TransferState | undefined;
  #paused = false;
  #wanted: readonly Range[] = [];
  #lostAt: number;
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
    this.#progress = new ProgressReport(this.#size, init.onEvent);
    this.#sessions = new IncomingSessions(host, this);
    this.#favourite = new Favourite(host);
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
    this.addRelays(init.relays ?? []);
  }

  addCandidates(addresses: readonly HostAddress[]): void {
    for (const address of addresses) {
      const path = this.#host.path(address);
      if (path !== undefined) this.#responder.add(path, this.#host.now());
    }
    this.#host.wake();
  }

  addRelays(relays: readonly RelayOffer[]): void {
    for (const relay of relays) this.#host.relays.use(relay, this);
  }

  onRelay(path: RelayPath, state: RelayState, why?: Refused): void {
    if (state === 'bound') this.#responder.add(path, this.#host.now());
    this.#init.onEvent({ type: 'relay', relay: path.carrier.key, state, why });
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
    const session = this.#sessions.of(view, at);
    if (session === undefined) return;
    session.received += length;
    if (type === TYPE.data) {
      if (this.#sessions.current !== undefined && this.#sessions.current !== session) return;
      session.receiver.receiveData(bytes, view, at, length, path, now);
    } else if (type === TYPE.control) {
      const authentic = session.receiver.receiveControl(bytes.subarray(at, at + length), path, now);
      if (authentic && this.#sessions.current !== session) this.#confirm(session, now);
    }
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
    const receiver = new Receiver({
      keys,
      manifest: this.#init.manifest,
      sink: this.#init.partial,
      path,
      window: WINDOW_BYTES,
      buffer: this.#init.buffer,
      random: this.#host.random,
      emit: (to, datagram) => this.#sessions.emit(session, to, datagram),
      now,
      ...(this.#init.trace === undefined ? {} : { trace: this.#init.trace }),
    });
    const session: IncomingSession = { id: keys.toResponder, receiver, openedAt: now, received, sent: ACCEPT_BYTES };
    this.#sessions.add(session);
    if (this.#wanted.length > 0) receiver.prefer(this.#wanted, now);
    if (this.#paused) receiver.pause(true, now);
    else receiver.flush(now);
  }

  #confirm(session: IncomingSession, now: number): void {
    this.#sessions.confirm(session);
    this.#responder.restart(now);
    if (this.#placed) session.receiver.finish(now);
    else this.#setState(this.#paused ? 'paused' : 'running');
  }

  work(now: number): boolean {
    if (now >= this.#lingerUntil) {
      void this.close();
      return false;
    }
    const session = this.#sessions.current;
    if (session === undefined) {
      this.#seek(now);
      return false;
    }
    const { receiver } = session;
    this.#favourite.set(receiver.path);
    // A direct path is better, and the way in for it has to be kept open.
    if (receiver.path.relay) this.#responder.timeout(now);
    receiver.flush(now);
    if (receiver.complete && this.#finishing === undefined) this.#finish();
    if (now >= this.#progress.dueAt) this.#report(receiver, now);
    if (receiver.end !== undefined) this.#onEnd(receiver, session, now);
    else if (now >= receiver.lastHeard + SILENCE_MS) this.#lost(session, now);
    return false;
  }

  #seek(now: number): void {
    this.#sessions.timeout(now);
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
      this.#sessions.current?.receiver.close('failed');
      this.#fail(toFailure(error));
    });
  }

  async #place(): Promise<void> {
    const { partial, onEvent } = this.#init;
    await partial.place();
    this.#placed = true;
    onEvent({ type: 'paths', paths: partial.paths });
    const now = this.#host.now();
    const receiver = this.#sessions.current?.receiver;
    if (receiver !== undefined) {
      receiver.finish(now);
      receiver.flush(now);
      this.#report(receiver, now);
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
    this.#reportHave();
    const { have } = this.#init.partial;
    const bytes = Math.min(this.#size, have.size * this.#init.manifest.block);
    const reason = this.#paused ? 'paused' : 'bandwidth';
    this.#progress.tell(bytes, { rtt: 0, loss: 0, path: receiver.path.key, reason, mtu: 0 }, now);
  }

  /** In coarse pieces: enough for a player to know what it can have. */
  #reportHave(): void {
    const { have } = this.#init.partial;
    if (have.size === this.#reported) return;
    this.#reported = have.size;
    this.#init.onEvent({ type: 'have', ranges: have.newest(Number.POSITIVE_INFINITY) });
  }

  #onEnd(receiver: Receiver, session: IncomingSession, now: number): void {
    const { reason, failure } = receiver.end!;
    this.#sessions.forget(session);
    this.#sessions.current = undefined;
    this.#favourite.set(undefined);
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

  #lost(session: IncomingSession, now: number): void {
    this.#sessions.forget(session);
    this.#await(now);
  }

  #await(now: number): void {
    this.#sessions.current = undefined;
    this.#favourite.set(undefined);
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
    const session = this.#sessions.current;
    if (session === undefined) {
      const due = Math.min(this.#responder.nextTimeout(), this.#sessions.nextTimeout());
      return Math.min(due, this.#lostAt + this.#init.patience, this.#lingerUntil);
    }
    const punch = session.receiver.path.relay ? this.#responder.nextTimeout() : Number.POSITIVE_INFINITY;
    return Math.min(session.receiver.nextTimeout(), this.#progress.dueAt, this.#lingerUntil, punch);
  }

  /** Blocks that something waits for. */
  want(ranges: readonly Range[]): void {
    this.#wanted = ranges;
    this.#sessions.current?.receiver.prefer(ranges, this.#host.now());
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#sessions.current?.receiver.pause(paused, this.#host.now());
    if (this.#sessions.current !== undefined && !this.#over) this.#setState(paused ? 'paused' : 'running');
  }

  /** @param discard whether what has come is removed too */
  async cancel(discard: boolean): Promise<void> {
    this.#sessions.current?.receiver.close('cancelled');
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
    this.#host.relays.leave(this);
    this.#sessions.forgetAll();
    this.#stream?.close();
    this.#favourite.set(undefined);
    this.#host.retire(this);
    await this.#finishing;
    await this.#init.partial.close();
  }
}

/** Ends of a session which are not the end of the transfer. */
const isPassing = (reason: CloseReason): boolean => reason === 'renewed' || reason === 'done';
