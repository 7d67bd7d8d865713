import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { networkOf } from '../../wire/address.js';
import { decodePunch } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, TYPE } from '../../wire/datagrams/header.js';
import type { Refused } from '../../wire/datagrams/relay.js';
import { UDP_BLOCKED_MS } from '../../wire/limits.js';
import { contentBytes } from '../../wire/transfer-manifest.js';
import { FileSource, manifestDigest, type Source } from '../files/file-source.js';
import { hostOf } from '../protocol/allowance.js';
import { Initiator, type Opened } from '../protocol/initiator.js';
import { initialKeys, punchTag } from '../protocol/keys.js';
import type { Path } from '../protocol/path.js';
import type { RelayPath, RelayState } from '../protocol/relay-client.js';
import { Sender } from '../protocol/sender.js';
import type { Trace } from '../protocol/trace.js';
import type { HostAddress } from '../udp/endpoint.js';
import type { StreamPath } from '../udp/stream-path.js';
import { closedBy } from './close-reasons.js';
import { controllerFor, STREAM_WINDOW } from './controllers.js';
import { TRAINS_A_TURN } from './engine.js';
import type { TransferEvent, TransferState } from './events.js';
import type { Host, Runner } from './host.js';
import { ownNetworks, type RememberedPath } from './path-memory.js';
import { ProgressReport } from './progress.js';
import type { RelayOffer, RelayUser } from './relay-offer.js';

/**
 * Sends the files of one transfer: finds the receiver, sends, and finds it again when it was lost.
 *
 *     connecting ──Accept──▶ running ──all delivered and placed──▶ done
 *         ▲                     │
 *         └──────silence────────┘
 */

export interface OutgoingInit {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly source: Source;
  readonly candidates: readonly HostAddress[];
  readonly relays?: readonly RelayOffer[] | undefined;
  /** Bytes per second, where a person gave it. */
  readonly rate?: number | undefined;
  /** Milliseconds between bursts. */
  readonly pace?: number | undefined;
  /** What paths to the same person carried before. */
  readonly remembered?: readonly RememberedPath[] | undefined;
  /** Milliseconds without the other side after which it fails. */
  readonly patience: number;
  readonly onEvent: (event: TransferEvent) => void;
  readonly onClose?: () => void;
  readonly trace?: Trace | undefined;
}

/** Silence after which a receiver that calls is taken to have lost the session. */
const CALL_AFTER_MS = 1_000;
/** Time in which a last packet that was lost is answered again. */
const LINGER_MS = 1_000;
const CANDIDATES = 32;

export class Outgoing implements Runner, RelayUser {
  readonly #host: Host;
  readonly #init: OutgoingInit;
  readonly #source: FileSource;
  readonly #punch: Uint8Array;
  readonly #candidates = new Set<Path>();
  readonly #progress: ProgressReport;
  readonly #ids: ConnectionId[] = [];
  #initiator: Initiator | undefined;
  #sender: Sender | undefined;
  #stream: StreamPath | undefined;
  /** Where the other side has shown last that it receives. */
  #proved: Path | undefined;
  #state: TransferState | undefined;
  #paused = false;
  #lostAt: number;
  #blockedAt: number;
  #over = false;
  #lingerUntil = Number.POSITIVE_INFINITY;

  constructor(host: Host, init: OutgoingInit) {
    this.#host = host;
    this.#init = init;
    this.#source = new FileSource(init.source);
    this.#punch = punchTag(initialKeys({ ...init, manifest: manifestDigest(init.source.manifest) }).punch);
    this.#progress = new ProgressReport(contentBytes(init.source.manifest), init.onEvent);
    this.#lostAt = host.now();
    this.#blockedAt = host.now() + UDP_BLOCKED_MS;
    this.#connect(host.now());
    this.addCandidates(init.candidates);
    this.addRelays(init.relays ?? []);
  }

  addCandidates(addresses: readonly HostAddress[]): void {
    for (const address of addresses) {
      const path = this.#host.path(address);
      if (path === undefined) continue;
      this.#tryAt(path);
    }
    this.#host.wake();
  }

  addRelays(relays: readonly RelayOffer[]): void {
    for (const relay of relays) this.#host.relays.use(relay, this);
  }

  onRelay(path: RelayPath, state: RelayState, why?: Refused): void {
    if (state === 'bound') this.#tryAt(path);
    this.#init.onEvent({ type: 'relay', relay: path.carrier.key, state, why });
  }

  #tryAt(path: Path): void {
    this.#know(path);
    this.#initiator?.add(path, this.#host.now());
    this.#sender?.consider(path, this.#host.now());
  }

  /** One more address at which the other side may be; the longest known is forgotten for it. */
  #know(path: Path): void {
    this.#candidates.delete(path);
    if (this.#candidates.size >= CANDIDATES) this.#candidates.delete(this.#candidates.values().next().value!);
    this.#candidates.add(path);
  }

  attachStream(stream: StreamPath): void {
    this.#stream?.close();
    this.#stream = stream;
    this.#initiator?.add(stream, this.#host.now());
    this.#host.wake();
  }

  #connect(now: number): void {
    const { id, secret, source } = this.#init;
    this.#forgetIds();
    this.#sender = undefined;
    this.#initiator = new Initiator({
      secret: { id, secret, manifest: manifestDigest(source.manifest) },
      random: this.#host.random,
      emit: (path, datagram) => this.#host.emit(path, datagram),
      isProved: (path) => this.#host.isProved(path),
      now,
    });
    this.#register(this.#initiator.id);
    for (const path of this.#candidates) this.#initiator.add(path, now);
    if (this.#stream?.closed === false) this.#initiator.add(this.#stream, now);
    this.#setState('connecting');
  }

  #register(id: ConnectionId): void {
    this.#ids.push(id);
    this.#host.register(id, this);
  }

  #forgetIds(): void {
    for (const id of this.#ids.splice(0)) this.#host.unregister(id);
  }

  receive(bytes: Uint8Array, _view: DataView, at: number, length: number, path: Path, now: number): void {
    const datagram = bytes.subarray(at, at + length);
    if (this.#sender !== undefined) {
      if (!this.#isPunch(datagram)) {
        this.#sender.receive(datagram, path, now);
        this.#learnProof(this.#sender);
        return;
      }
      this.#sender.consider(path, now);
      if (this.#sender.end !== undefined || now < this.#sender.lastHeard + CALL_AFTER_MS) return;
      // The receiver has started anew, and this session with it is over.
      this.#know(path);
      this.#lost(now);
    }
    this.#initiator?.receive(datagram, path, now);
    const opened = this.#initiator?.opened;
    if (opened !== undefined) this.#run(opened, now);
  }

  #learnProof({ proved, path }: Sender): void {
    if (!proved || path.stream || path === this.#proved) return;
    this.#proved = path;
    this.#tryAt(path);
    this.#host.prove(path);
  }

  /** A receiver calls: it looks for its sender, or lets the sender find it by another path. */
  #isPunch(datagram: Uint8Array): boolean {
    return datagram[0] === TYPE.punch && sameBytes(decodePunch(datagram), this.#punch);
  }

  #run(opened: Opened, now: number): void {
    const { keys, path, fields, rtt } = opened;
    this.#initiator = undefined;
    if (!path.stream) this.#stream?.close();
    this.#register(keys.toInitiator);
    this.#sender = new Sender({
      keys,
      manifest: this.#init.source.manifest,
      source: this.#source,
      path,
      proved: this.#host.isProved(path),
      window: path.stream ? STREAM_WINDOW : fields.window,
      controller: controllerFor(path, { datagram: 1_200, buffer: fields.buffer, rtt }, this.#init),
      pace: this.#init.pace ?? 0,
      rtt,
      random: this.#host.random,
      emit: (to, datagram) => this.#host.emit(to, datagram),
      now,
      ...(this.#init.trace === undefined ? {} : { trace: this.#init.trace }),
    });
    for (const other of this.#candidates) this.#sender.consider(other, now);
    if (this.#paused) this.#sender.pause(true, now);
    this.#setState(this.#paused ? 'paused' : 'running');
  }

  work(now: number): boolean {
    if (this.#over) {
      if (now >= this.#lingerUntil) void this.close();
      return false;
    }
    const sender = this.#sender;
    if (sender === undefined) {
      this.#seek(now);
      return false;
    }
    if (now >= sender.nextTimeout(now)) sender.timeout(now);
    const more = this.#send(sender, now);
    if (now >= this.#progress.dueAt) this.#report(sender, now);
    if (sender.path.stream && this.#stream?.closed) this.#lost(now);
    else if (sender.end !== undefined) this.#onEnd(sender, now);
    return more;
  }

  #seek(now: number): void {
    this.#initiator?.timeout(now);
    if (now >= this.#blockedAt) {
      this.#blockedAt = Number.POSITIVE_INFINITY;
      this.#init.onEvent({ type: 'blocked' });
    }
    if (now < this.#lostAt + this.#init.patience) return;
    this.#fail(new Failure('transfer-unreachable', 'the other side could not be reached'));
  }

  #send(sender: Sender, now: number): boolean {
    for (let i = 0; i < TRAINS_A_TURN; i++) {
      const { path } = sender;
      const train = this.#host.train(path);
      if (train === undefined || !sender.fill(train, i === 0 ? now : this.#host.now())) return false;
      const refused = this.#host.sendTrain(path);
      if (refused > 0) sender.onRefused(refused);
    }
    return true;
  }

  #report(sender: Sender, now: number): void {
    const { stats, path } = sender;
    const { rtt, reason, mtu, start } = stats;
    const loss = stats.lostPackets / Math.max(1, stats.packets);
    const facts = { rtt, loss, path: path.key, reason, mtu, ...(start !== undefined && { start }) };
    this.#progress.tell(sender.bytesThere, facts, now);
  }

  /** For the next transfer over the same path. What turned out wrong is forgotten. */
  #remember(sender: Sender): void {
    const { measured, start } = sender.stats;
    if (sender.path.stream || sender.path.relay || (measured === undefined && start !== 'retreated')) return;
    const ends = { from: ownNetworks(), to: networkOf(hostOf(sender.path)) };
    this.#init.onEvent({ type: 'measured', path: { ...ends, ...(measured ?? { rate: 0, minRtt: 0 }) } });
  }

  #onEnd(sender: Sender, now: number): void {
    this.#remember(sender);
    const { reason, failure } = sender.end!;
    switch (reason) {
      case 'done':
        this.#report(sender, now);
        this.#over = true;
        this.#lingerUntil = now + LINGER_MS;
        this.#source.close();
        this.#init.onEvent({ type: 'done', files: [] });
        return;
      case 'renewed':
        this.#lost(now);
        return;
      case 'failed':
        if (failure?.code === 'transfer-silent') {
          this.#lost(now);
          return;
        }
        this.#fail(failure ?? closedBy('failed'));
        return;
      default:
        this.#fail(failure ?? closedBy(reason));
        return;
    }
  }

  #lost(now: number): void {
    this.#lostAt = now;
    this.#blockedAt = now + UDP_BLOCKED_MS;
    this.#connect(now);
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

  nextTimeout(now: number): number {
    if (this.#over) return this.#lingerUntil;
    const progress = this.#sender === undefined ? Number.POSITIVE_INFINITY : this.#progress.dueAt;
    const seek = Math.min(this.#blockedAt, this.#lostAt + this.#init.patience);
    const core = this.#sender?.nextTimeout(now) ?? Math.min(this.#initiator?.nextTimeout() ?? seek, seek);
    return Math.min(core, progress);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#sender?.pause(paused, this.#host.now());
    if (this.#sender !== undefined) this.#setState(paused ? 'paused' : 'running');
    this.#host.wake();
  }

  async cancel(_discard = false): Promise<void> {
    this.#sender?.close('cancelled');
    this.#fail(new Failure('transfer-cancelled'));
    await this.close();
  }

  #setState(state: TransferState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#init.onEvent({ type: 'state', state });
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#forgetIds();
    this.#host.relays.leave(this);
    this.#stream?.close();
    this.#source.close();
    this.#init.onClose?.();
    this.#host.retire(this);
  }
}
