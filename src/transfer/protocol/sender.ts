import { Failure, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type Ack, type CloseReason, type Frame, FrameWriter } from '../../wire/datagrams/control.js';
import { RELAY_DATA_BYTES } from '../../wire/datagrams/relay.js';
import { DATAGRAM_MAX_BYTES, DATAGRAM_MIN_BYTES } from '../../wire/limits.js';
import type { Manifest } from '../../wire/transfer-manifest.js';
import { BlockScheduler, type BlockSource } from './block-scheduler.js';
import type { CongestionController } from './congestion/controller.js';
import { ControlChannel } from './control-channel.js';
import { DataWriter } from './data-writer.js';
import { type DatagramBatch, TRAIN_SEGMENTS } from './datagram-batch.js';
import type { SessionKeys } from './keys.js';
import { LossDetector } from './loss-detection.js';
import { MtuDiscovery } from './mtu-discovery.js';
import { Pacer } from './pacer.js';
import type { Emit, Path } from './path.js';
import { SenderPaths } from './sender-paths.js';
import { ackEvent, type Trace } from './trace.js';

export interface SenderInit {
  readonly keys: SessionKeys;
  readonly manifest: Manifest;
  readonly source: BlockSource;
  readonly path: Path;
  /** False where nothing shows yet that whoever opened the session receives there: until then no content goes there. */
  readonly proved?: boolean;
  /** As the receiver said in its Accept. */
  readonly window: number;
  readonly controller: CongestionController;
  /** Milliseconds between bursts, or 0. */
  readonly pace: number;
  /** Round trip of the handshake. */
  readonly rtt: number;
  readonly random: Random;
  readonly emit: Emit;
  readonly now: number;
  readonly trace?: Trace;
}

/** Silence after which the session is given up; a new handshake goes on where it stopped. */
export const SILENCE_MS = 6_000;
const KEEPALIVE_MS = 500;
/** Held sealed blocks, whatever the receiver could hold. */
const MAX_WINDOW = 48 << 20;
/** While the rate is being found each acknowledgement is news. */
const STARTUP_ACK_MS = 1;

export type SenderEnd = { readonly reason: CloseReason; readonly failure?: Failure };

/** Sends blocks over one session. Sans I/O: datagrams and `now` in, datagrams and trains out. */
export class Sender {
  readonly #init: SenderInit;
  readonly #control: ControlChannel;
  readonly #paths: SenderPaths;
  readonly #blocks: BlockScheduler;
  readonly #loss: LossDetector;
  readonly #data: DataWriter;
  readonly #pacer: Pacer;
  readonly #mtu: MtuDiscovery;
  readonly #trace: Trace | undefined;
  #paused = false;
  #wantSequence = -1;
  #keepaliveAt: number;
  #pings = 0;
  #end: SenderEnd | undefined;

  constructor(init: SenderInit) {
    this.#init = init;
    const { keys } = init;
    this.#control = new ControlChannel(keys.initiatorControl, keys.responderControl, keys.toResponder, 0);
    this.#paths = new SenderPaths(init.path, init.random, init);
    this.#blocks = new BlockScheduler(keys.blocks, init.manifest, init.source, Math.min(init.window, MAX_WINDOW));
    this.#loss = new LossDetector(this.#blocks, init.controller, init.rtt, init.path.stream);
    this.#data = new DataWriter({
      keys,
      blocks: this.#blocks,
      loss: this.#loss,
      random: init.random,
      trace: init.trace,
    });
    this.#pacer = new Pacer(init.pace, init.now);
    this.#mtu = new MtuDiscovery(init.path.maxDatagram);
    this.#trace = init.trace;
    this.#keepaliveAt = init.now;
    if (init.path.stream) this.#mtu.onProbed(init.path.maxDatagram);
  }

  /** Set once: the session is over. */
  get end(): SenderEnd | undefined {
    return this.#end;
  }

  get path(): Path {
    return this.#paths.current;
  }

  /** Whether the other side has shown that it receives at `path`. */
  get proved(): boolean {
    return this.#paths.proved;
  }

  get lastHeard(): number {
    return this.#paths.lastHeard;
  }

  /** Content of blocks that the receiver has, from this session and earlier ones. */
  get bytesThere(): number {
    return this.#blocks.bytesThere;
  }

  get stats() {
    const { controller } = this.#init;
    return {
      ...this.#loss.stats,
      mtu: this.#mtu.size,
      pacingRate: controller.pacingRate,
      window: controller.window,
      start: controller.start,
      measured: controller.measured,
      reason: this.#paused ? ('paused' as const) : this.#blocks.ready ? controller.reason : ('receiver' as const),
    };
  }

  /** One datagram for this session, whole. */
  receive(datagram: Uint8Array, path: Path, now: number): void {
    if (this.#end !== undefined) {
      this.#receiveAfterEnd(datagram);
      return;
    }
    const opened = this.#control.open(datagram);
    if (opened === null) return;
    this.#paths.onHeard(path, datagram.length, opened.newest, now);
    for (const frame of opened.frames) {
      if (frame.type === 'ack') this.#trace?.('transport:packet_received', ackEvent(datagram, frame.ack), now);
      this.#onFrame(frame, path, now);
    }
    this.#sendDue(now);
  }

  /** The answer to the last packet was lost: it is given again. */
  #receiveAfterEnd(datagram: Uint8Array): void {
    if (this.#end?.reason === 'done' && this.#control.open(datagram) !== null) this.#sendClose('done');
  }

  #onFrame(frame: Frame, path: Path, now: number): void {
    switch (frame.type) {
      case 'ack':
        this.#onAck(frame.ack, now);
        return;
      case 'want':
        this.#onWant(frame.want.sequence, frame.want.ranges, now);
        return;
      case 'reject':
        for (const { block, generation } of frame.blocks) {
          if (!this.#blocks.reject(block, generation)) this.close('tooManyRejects');
        }
        return;
      case 'challenge':
        this.#send(path, (writer) => writer.challenge('response', frame.token));
        return;
      case 'response':
        if (this.#paths.onResponse(frame.token, path, this.#loss.probes, now)) this.#onMigrated(now);
        return;
      case 'probed':
        this.#mtu.onProbed(frame.size);
        this.#trace?.('connectivity:mtu_updated', { new: this.#mtu.size }, now);
        return;
      case 'complete':
        this.#sendClose('done');
        this.#end = { reason: 'done' };
        return;
      case 'close':
        this.#end = { reason: frame.reason };
        return;
      default:
    }
  }

  /** The other side may be at that address, too. */
  consider(path: Path, now: number): void {
    this.#paths.consider(path, now);
  }

  #onAck(ack: Ack, now: number): void {
    const before = this.#loss.delivered;
    if (this.#loss.onAck(ack, now, this.#trace)) {
      if (this.#loss.delivered > before) this.#paths.onAcked(now);
      return;
    }
    this.close('falseAcknowledgement');
  }

  #onWant(sequence: number, ranges: readonly { first: number; end: number }[], now: number): void {
    if (sequence > this.#wantSequence) {
      this.#wantSequence = sequence;
      this.#blocks.want(ranges);
    }
    if (sequence === this.#wantSequence) this.#sendState(now);
  }

  #onMigrated(now: number): void {
    this.#mtu.reset(this.path.maxDatagram);
    this.#loss.onPathChange(now);
    this.#trace?.('p2pchat:path_updated', { path: this.path.key }, now);
  }

  /** Fills `train` with what may be sent now. @returns false where nothing may */
  fill(train: DatagramBatch, now: number): boolean {
    if (this.#end !== undefined || this.#paused || !this.#paths.proved) return false;
    const mtu = this.#mtu.size;
    const budget = Math.min(this.#pacer.budget(this.#init.controller.pacingRate, mtu, now), this.#loss.allowance);
    if (budget < 1 || !this.#blocks.ready || this.#loss.packets.room < TRAIN_SEGMENTS * 4) return false;
    // Each gets a header more for the relay.
    const most = DATAGRAM_MAX_BYTES - (this.path.relay ? TRAIN_SEGMENTS * RELAY_DATA_BYTES : 0);
    const room = Math.min(budget, mtu * TRAIN_SEGMENTS, most);
    train.segment = mtu;
    train.length = 0;
    this.#loss.beginTrain(now);
    const before = this.#loss.packets.inFlight;
    try {
      this.#data.fill(train, Math.max(mtu, room - (room % mtu)), now);
    } catch (error) {
      this.close(error instanceof Failure && error.code === 'source-changed' ? 'sourceChanged' : 'failed', error);
      return false;
    }
    if (train.length === 0) return false;
    this.#loss.onSent(now);
    this.#pacer.spend(this.#loss.packets.inFlight - before, now);
    return true;
  }

  /** The kernel refused datagrams of this size: they count as lost. */
  onRefused(size: number): void {
    this.#mtu.onRefused(size);
  }

  /** Whatever became due by `now`. */
  timeout(now: number): void {
    if (this.#end !== undefined) return;
    if (now >= this.lastHeard + SILENCE_MS) {
      this.#end = { reason: 'failed', failure: silence() };
      return;
    }
    const fired = this.#loss.timeout(now, this.#trace);
    if (fired) {
      if (this.#loss.probes >= 3) this.#mtu.onBlackHole(now);
      this.#ping(now);
    }
    this.#sendDue(now);
  }

  #sendDue(now: number): void {
    if (this.#end !== undefined) return;
    const challenge = this.#paths.challenge(now);
    if (challenge !== undefined) this.#send(challenge.path, (writer) => writer.challenge('challenge', challenge.token));
    this.#lookAround(now);
    this.#sendProbes(now);
    if (now >= this.#keepaliveAt) this.#ping(now);
  }

  /** As large as data are at first: a path that carries small packets only is none. */
  #lookAround(now: number): void {
    for (const { path, token } of this.#paths.lookAround(this.#loss.probes, now)) {
      const writer = new FrameWriter();
      writer.challenge('challenge', token);
      writer.padTo(DATAGRAM_MIN_BYTES - CONTROL_OVERHEAD);
      this.#init.emit(path, this.#control.seal(writer));
    }
  }

  #sendProbes(now: number): void {
    if (this.#paths.current.stream || !this.#paths.proved) return;
    const { smoothed } = this.#loss.rtt;
    for (let size = this.#mtu.probe(now, smoothed); size > 0; size = this.#mtu.probe(now, smoothed)) {
      this.#sendProbe(size);
    }
  }

  #sendProbe(size: number): void {
    const writer = new FrameWriter();
    writer.probe('probe', size);
    writer.padTo(size - CONTROL_OVERHEAD);
    this.#init.emit(this.path, this.#control.seal(writer));
  }

  #ping(now: number): void {
    this.#keepaliveAt = now + KEEPALIVE_MS;
    this.#send(this.path, (writer) => {
      writer.ping(this.#pings++);
      this.#writeState(writer);
    });
  }

  #sendState(now: number): void {
    this.#keepaliveAt = now + KEEPALIVE_MS;
    this.#send(this.path, (writer) => this.#writeState(writer));
  }

  #writeState(writer: FrameWriter): void {
    if (this.#wantSequence >= 0) writer.wantEcho(this.#wantSequence);
    const starting = this.#init.controller.reason === 'startup';
    const delay = starting ? STARTUP_ACK_MS : Math.min(Math.max(this.#loss.rtt.smoothed / 8, 1), 8);
    this.#loss.ackDelay = delay;
    writer.state(this.#paused, delay * 1_000);
  }

  #send(path: Path, write: (writer: FrameWriter) => void): void {
    const writer = new FrameWriter();
    write(writer);
    const datagram = this.#control.seal(writer);
    if (this.#paths.allow(path, datagram.length)) this.#init.emit(path, datagram);
  }

  #sendClose(reason: CloseReason): void {
    this.#send(this.path, (writer) => writer.close(reason));
  }

  pause(paused: boolean, now: number): void {
    this.#paused = paused;
    if (this.#end === undefined) this.#sendState(now);
  }

  /** Tells the other side why, and ends. */
  close(reason: CloseReason, error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#sendClose(reason);
    this.#end = error === undefined ? { reason } : { reason, failure: toFailure(error) };
  }

  /** When to call `timeout`, or `fill` again, at the latest. */
  nextTimeout(now: number): number {
    if (this.#end !== undefined) return Number.POSITIVE_INFINITY;
    const mtu = this.#paths.current.stream ? Number.POSITIVE_INFINITY : this.#mtu.nextAt;
    const due = Math.min(
      this.#loss.nextTimeout(),
      this.#paths.nextAt(this.#loss.probes, now),
      mtu,
      this.#keepaliveAt,
      this.lastHeard + SILENCE_MS,
    );
    if (this.#paused || !this.#blocks.ready || this.#loss.allowance < 1) return due;
    return Math.min(due, this.#pacer.nextAt(this.#init.controller.pacingRate, this.#mtu.size, now));
  }
}

/** Common header, counter and tag of a control packet. */
const CONTROL_OVERHEAD = 36;

const silence = (): Failure => new Failure('transfer-silent');
