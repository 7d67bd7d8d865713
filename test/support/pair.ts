import { createHash } from 'node:crypto';
import type { Random } from '../../src/base/random.js';
import { BbrController } from '../../src/transfer/protocol/congestion/bbr.js';
import type { CongestionController, ControllerInit } from '../../src/transfer/protocol/congestion/controller.js';
import { DatagramBatch } from '../../src/transfer/protocol/datagram-batch.js';
import { HashTree, leafHash } from '../../src/transfer/protocol/hash-tree.js';
import { Initiator } from '../../src/transfer/protocol/initiator.js';
import { controlNonce, open, seal, type TransferSecret } from '../../src/transfer/protocol/keys.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { RangeSet } from '../../src/transfer/protocol/range-set.js';
import { Receiver } from '../../src/transfer/protocol/receiver.js';
import { Responder } from '../../src/transfer/protocol/responder.js';
import { Sender } from '../../src/transfer/protocol/sender.js';
import type { Trace } from '../../src/transfer/protocol/trace.js';
import {
  CONTROL_HEADER_BYTES,
  controlCounter,
  controlHeader,
  decodeFrames,
  FrameWriter,
} from '../../src/wire/datagrams/control.js';
import { dataPacket } from '../../src/wire/datagrams/data.js';
import { datagramLength, TYPE, viewOf } from '../../src/wire/datagrams/header.js';
import { blockCount, contentBytes, type Manifest, manifestCodec } from '../../src/wire/transfer-manifest.js';

/** A sender and a receiver in simulated time, with a network between them that does what its settings say. */

export interface NetworkSettings {
  /** One way, milliseconds. */
  readonly latency: number;
  /** Up to this much more, at random: packets overtake each other. */
  readonly jitter?: number;
  readonly loss?: number;
  /** Chance that a packet begins a burst in which `burstLength` packets are lost. */
  readonly burst?: number;
  readonly burstLength?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  /** Bytes per millisecond, and bytes that wait there at most. */
  readonly rate?: number;
  readonly queue?: number;
  readonly mtu?: number;
  /** The narrow hop, where others send through it too. */
  readonly hop?: Hop;
}

/** Until when it sends what waits there, each way. */
export interface Hop {
  a: number;
  b: number;
}

export interface PairSettings {
  readonly network: NetworkSettings;
  /** What the way by a relay is like, where there is one. */
  readonly relay?: NetworkSettings;
  readonly bytes: number;
  readonly block?: 65536 | 131072 | 262144;
  readonly tree?: boolean;
  readonly window?: number;
  /** Of the sender. */
  readonly trace?: Trace;
  readonly controller?: (init: ControllerInit) => CongestionController;
}

class SimPath implements Path {
  readonly stream = false;
  readonly relay?: true;
  constructor(
    readonly key: string,
    readonly maxDatagram = 1_472,
  ) {
    if (key === RELAY) this.relay = true;
  }
}

const RELAY = 'relay';

type Side = 'a' | 'b';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const INTERFACE_MTU = 1_472;

export class Pair {
  now = 1_000;
  network: NetworkSettings;
  /** The way by the relay; undefined where there is none, or it is away. */
  relay: NetworkSettings | undefined;
  /** Sessions that were opened. */
  sessions = 0;
  /** What the relay brings to the sender of a datagram, in place of the other side, once in so many times. */
  misdirected = 0;
  readonly manifest: Manifest;
  readonly content: Uint8Array;
  readonly written = new Map<number, number>();
  readonly stored: Uint8Array;
  readonly sent = { a: 0, b: 0, bytesA: 0, dropped: 0 };
  readonly have = new RangeSet();
  sender: Sender | undefined;
  receiver: Receiver | undefined;
  initiator: Initiator;
  readonly responder: Responder;
  /** Addresses where each side is now. */
  readonly address = { a: 'a1', b: 'b1' };
  /** Sees each datagram on its way; what it gives back goes on in its place. */
  tap: (from: Side, datagram: Uint8Array, to: string) => Uint8Array | null = (_, datagram) => datagram;
  unfinishedMost = 0;
  /** The receiver acknowledges everything up to the newest packet, whether it came or not. */
  cheat = false;
  /** When the first packet number that is never sent was passed over. */
  trapSentAt = 0;
  deliveredFrom: (side: Side, source: string, bytes: number) => void = () => {};
  sentTo: (side: Side, to: string, bytes: number) => void = () => {};
  readonly #secret: TransferSecret;
  readonly #settings: PairSettings;
  readonly #random: Random;
  readonly #paths = { a: new Map<string, SimPath>(), b: new Map<string, SimPath>() };
  readonly #train = new DatagramBatch();
  readonly #tree: HashTree;
  #events: Event[] = [];
  #order = 0;
  #pending: Receiver[] = [];
  #burstLeft = 0;
  #newest = 0;
  readonly #ownHop: Hop = { a: 0, b: 0 };
  #dice: number[] = [];

  constructor(settings: PairSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.network = settings.network;
    this.relay = settings.relay;
    const block = settings.block ?? 65_536;
    this.content = random.bytes(settings.bytes);
    this.stored = new Uint8Array(settings.bytes);
    const leaves: Uint8Array[] = [];
    for (let at = 0; at < settings.bytes; at += block) leaves.push(leafHash(this.content.subarray(at, at + block)));
    this.#tree = new HashTree(leaves);
    this.manifest = {
      files: [{ path: 'film.mp4', size: settings.bytes }],
      block,
      ...(settings.tree ? { root: this.#tree.root } : {}),
    };
    const manifest = createHash('sha256').update(manifestCodec.encode(this.manifest)).digest();
    this.#secret = { id: random.bytes(16), secret: random.bytes(32), manifest };
    this.initiator = this.#newInitiator();
    this.responder = new Responder({
      secret: this.#secret,
      fields: { window: settings.window ?? 8 << 20, buffer: 1 << 20 },
      random,
      emit: (path, datagram) => this.#transmit('b', path.key, datagram),
      now: this.now,
    });
    this.initiator.add(this.#path('a', this.address.b), this.now);
    this.responder.add(this.#path('b', this.address.a), this.now);
    if (settings.relay === undefined) return;
    this.initiator.add(this.#path('a', RELAY), this.now);
    this.responder.add(this.#path('b', RELAY), this.now);
  }

  #newInitiator(): Initiator {
    return new Initiator({
      secret: this.#secret,
      random: this.#random,
      emit: (path, datagram) => this.#transmit('a', path.key, datagram),
      now: this.now,
    });
  }

  get complete(): boolean {
    return this.have.size === blockCount(this.manifest);
  }

  /** Runs until both sides have ended, or `limit` simulated milliseconds have passed. */
  run(limit: number): void {
    const end = this.now + limit;
    this.#turn();
    while (this.now < end && !(this.sender?.end && this.receiver?.end)) {
      const due = Math.min(this.#events[0]?.at ?? Number.POSITIVE_INFINITY, this.#nextTimeout());
      if (due === Number.POSITIVE_INFINITY) return;
      this.now = Math.max(this.now, Math.min(due, end));
      while (this.#events.length > 0 && this.#events[0]!.at <= this.now) this.#pop().run();
      this.#turn();
    }
  }

  /** A datagram comes to a side as if from `source`. */
  inject(side: Side, source: string, datagram: Uint8Array): void {
    const copy = datagram.slice();
    this.at(this.network.latency, () => this.#deliver(side === 'a' ? 'b' : 'a', source, this.address[side], copy));
  }

  /** Calls `run` at a simulated time from now. */
  at(delay: number, run: () => void): void {
    this.#push({ at: this.now + delay, order: this.#order++, run });
  }

  /** A sender starts anew, as after a crash. */
  restartSender(): void {
    this.sender = undefined;
    this.initiator = this.#newInitiator();
    this.initiator.add(this.#path('a', this.address.b), this.now);
    if (this.#settings.relay !== undefined) this.initiator.add(this.#path('a', RELAY), this.now);
  }

  #nextTimeout(): number {
    const { sender, receiver, initiator, responder } = this;
    return Math.min(
      sender === undefined ? initiator.nextTimeout() : sender.nextTimeout(this.now),
      receiver === undefined || receiver.path.relay ? responder.nextTimeout() : Number.POSITIVE_INFINITY,
      receiver?.nextTimeout() ?? Number.POSITIVE_INFINITY,
      ...this.#pending.map((pending) => pending.nextTimeout()),
    );
  }

  #turn(): void {
    const { now } = this;
    if (this.sender === undefined) this.initiator.timeout(now);
    else this.sender.timeout(now);
    if (this.sender?.end?.failure?.code === 'transfer-silent') this.restartSender();
    if (this.receiver === undefined) this.responder.timeout(now);
    else {
      if (this.receiver.path.relay) this.responder.timeout(now);
      this.receiver.flush(now);
    }
    for (const pending of this.#pending) pending.flush(now);
    this.unfinishedMost = Math.max(this.unfinishedMost, this.receiver?.stats.unfinished ?? 0);
    while (this.sender?.fill(this.#train, now)) {
      this.#noteTraps();
      const { bytes, length, segment } = this.#train;
      for (let at = 0; at < length; at += segment) {
        const datagram = bytes.slice(at, Math.min(at + segment, length));
        this.sent.bytesA += datagram.length;
        this.#transmit('a', this.sender.path.key, datagram);
      }
    }
  }

  #noteTraps(): void {
    const { view, length } = this.#train;
    for (let at = 0; at < length; at += datagramLength(view, at, length)) {
      const packet = dataPacket(view, at);
      if (packet > this.#newest + 1 && this.trapSentAt === 0) this.trapSentAt = this.now;
      this.#newest = Math.max(this.#newest, packet);
    }
  }

  #path(side: Side, key: string): SimPath {
    const known = this.#paths[side].get(key) ?? new SimPath(key, INTERFACE_MTU);
    this.#paths[side].set(key, known);
    return known;
  }

  #chance(): number {
    if (this.#dice.length === 0) {
      const bytes = this.#random.bytes(1_024);
      for (let i = 0; i < bytes.length; i += 4) {
        this.#dice.push(
          (((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!) >>> 0) / 2 ** 32,
        );
      }
    }
    return this.#dice.pop()!;
  }

  #transmit(from: Side, to: string, original: Uint8Array): void {
    this.sent[from]++;
    this.sentTo(from, to, original.length);
    const network = to === RELAY ? this.relay : this.network;
    const datagram = this.tap(from, original, to);
    if (datagram === null || network === undefined || this.#isLost(datagram, network)) {
      this.sent.dropped++;
      return;
    }
    let leaves = this.now;
    if (network.rate !== undefined) {
      const hop = network.hop ?? this.#ownHop;
      const queued = Math.max(0, hop[from] - this.now) * network.rate;
      if (queued + datagram.length > (network.queue ?? 1 << 20)) {
        this.sent.dropped++;
        return;
      }
      leaves = Math.max(this.now, hop[from]) + (datagram.length + 28) / network.rate;
      hop[from] = leaves;
    }
    const source = to === RELAY ? RELAY : this.address[from];
    const isAstray = to === RELAY && this.misdirected > 0 && this.#chance() < 1 / this.misdirected;
    const by: Side = isAstray ? (from === 'a' ? 'b' : 'a') : from;
    const copies = this.#chance() < (network.duplicate ?? 0) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const at = leaves + network.latency + this.#chance() * (network.jitter ?? 0);
      const bytes = this.#chance() < (network.corrupt ?? 0) ? this.#corrupted(datagram) : datagram;
      this.#push({ at, order: this.#order++, run: () => this.#deliver(by, source, to, bytes) });
    }
  }

  #isLost(datagram: Uint8Array, network: NetworkSettings): boolean {
    if (datagram.length > (network.mtu ?? 1_500) - 28) return true;
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      return true;
    }
    if (this.#chance() < (network.burst ?? 0)) {
      this.#burstLeft = network.burstLength ?? 20;
      return true;
    }
    return this.#chance() < (network.loss ?? 0);
  }

  #corrupted(datagram: Uint8Array): Uint8Array {
    const copy = datagram.slice();
    const at = Math.floor(this.#chance() * copy.length);
    copy[at] = copy[at]! ^ (1 << Math.floor(this.#chance() * 8));
    return copy;
  }

  #deliver(from: Side, source: string, to: string, datagram: Uint8Array): void {
    const side: Side = from === 'a' ? 'b' : 'a';
    if (this.address[side] !== to && to !== RELAY) return;
    this.deliveredFrom(side, source, datagram.length);
    const path = this.#path(side, source);
    const view = viewOf(datagram);
    for (let at = 0; at < datagram.length; ) {
      const length = datagramLength(view, at, datagram.length);
      if (length === 0) return;
      try {
        if (side === 'a') this.#toSender(datagram.subarray(at, at + length), path);
        else this.#toReceiver(datagram, view, at, length, path);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'malformed')) throw error;
      }
      at += length;
    }
  }

  #toSender(datagram: Uint8Array, path: Path): void {
    if (datagram[0] === TYPE.punch) this.sender?.consider(path, this.now);
    if (datagram[0] === TYPE.control)
      this.sender?.receive(this.cheat ? this.#cheated(datagram) : datagram, path, this.now);
    else if (this.sender === undefined) this.initiator.receive(datagram, path, this.now);
    const opened = this.initiator.opened;
    if (opened === undefined || this.sender !== undefined) return;
    const init = { datagram: 1_200, buffer: opened.fields.buffer, rtt: opened.rtt };
    this.sessions++;
    this.sender = new Sender({
      keys: opened.keys,
      manifest: this.manifest,
      source: { read: (block) => this.#plain(block) },
      path: opened.path,
      window: opened.fields.window,
      controller: this.#settings.controller?.(init) ?? new BbrController(init),
      pace: 0,
      rtt: opened.rtt,
      random: this.#random,
      emit: (to, bytes) => this.#transmit('a', to.key, bytes),
      now: this.now,
      ...(this.#settings.trace !== undefined && { trace: this.#settings.trace }),
    });
    if (this.#settings.relay === undefined) return;
    for (const key of [RELAY, this.address.b]) this.sender.consider(this.#path('a', key), this.now);
  }

  /** What a receiver would say that claims all of what it can have been sent. */
  #cheated(datagram: Uint8Array): Uint8Array {
    const keys = this.initiator.opened!.keys;
    const header = datagram.subarray(0, CONTROL_HEADER_BYTES);
    const nonce = controlNonce(controlCounter(datagram));
    const plain = open(keys.responderControl, nonce, header, datagram.subarray(CONTROL_HEADER_BYTES));
    const ack = plain === null ? undefined : decodeFrames(plain).find((frame) => frame.type === 'ack');
    if (ack?.type !== 'ack' || ack.ack.ranges.length === 0) return datagram;
    const writer = new FrameWriter();
    writer.ack({ ...ack.ack, ranges: [{ first: 1, end: ack.ack.ranges[0]!.end }] });
    const counter = controlCounter(datagram);
    const frames = writer.finish();
    const lying = controlHeader(keys.toInitiator, counter, frames.length);
    return new Uint8Array([...lying, ...seal(keys.responderControl, nonce, lying, frames)]);
  }

  #plain(block: number): Uint8Array {
    const size = this.manifest.block;
    const content = this.content.subarray(block * size, (block + 1) * size);
    if (this.manifest.root === undefined) return content;
    const path = this.#tree.path(block);
    const plain = new Uint8Array(content.length + path.length);
    plain.set(content);
    plain.set(path, content.length);
    return plain;
  }

  #toReceiver(datagram: Uint8Array, view: DataView, at: number, length: number, path: Path): void {
    switch (view.getUint8(at)) {
      case TYPE.data:
        this.receiver?.receiveData(datagram, view, at, length, path, this.now);
        return;
      case TYPE.control:
        this.#controlToReceiver(datagram.subarray(at, at + length), path);
        return;
      case TYPE.initial: {
        const answered = this.responder.receive(datagram.subarray(at, at + length), path);
        if (answered !== null) this.#openReceiver(answered);
        return;
      }
      default:
    }
  }

  /** A new session counts from its first control packet on: an old Initial that comes late opens nothing. */
  #controlToReceiver(datagram: Uint8Array, path: Path): void {
    this.receiver?.receiveControl(datagram, path, this.now);
    const confirmed = this.#pending.find((pending) => pending.receiveControl(datagram, path, this.now));
    if (confirmed === undefined) return;
    this.receiver = confirmed;
    this.#pending = [];
    if (this.complete) confirmed.finish(this.now);
  }

  #openReceiver({ keys, path }: { keys: ConstructorParameters<typeof Receiver>[0]['keys']; path: Path }): void {
    const receiver = new Receiver({
      keys,
      manifest: this.manifest,
      sink: { have: this.have, write: (block, content) => this.#write(block, content) },
      path,
      window: this.#settings.window ?? 8 << 20,
      buffer: 1 << 20,
      random: this.#random,
      emit: (to, bytes) => this.#transmit('b', to.key, bytes),
      now: this.now,
    });
    this.#pending = [...this.#pending.slice(-3), receiver];
    receiver.flush(this.now);
  }

  #write(block: number, content: Uint8Array): void {
    this.written.set(block, (this.written.get(block) ?? 0) + 1);
    this.stored.set(content, block * this.manifest.block);
    this.have.add(block, block + 1);
    if (this.complete) this.receiver?.finish(this.now);
  }

  /** Whether what was stored is what was sent, and nothing was written twice. */
  get faithful(): boolean {
    return (
      contentBytes(this.manifest) === this.stored.length &&
      Buffer.from(this.stored).equals(this.content) &&
      [...this.written.values()].every((times) => times === 1)
    );
  }

  // --- A binary heap by time ---

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(heap[parent]!, event)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event {
    const heap = this.#events;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
