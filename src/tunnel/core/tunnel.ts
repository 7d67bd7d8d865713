import type { Path } from '../../transfer/protocol/path.js';
import { TUNNEL_DATAGRAM_BYTES, type TunnelFrame, TunnelWriter } from '../../wire/datagrams/tunnel.js';
import type { Endpoint } from '../../wire/directory.js';
import { TUNNEL_ROOM_BYTES } from '../../wire/limits.js';
import { Liveness } from './liveness.js';
import { Packets } from './packets.js';
import { type Challenge, TunnelPaths } from './paths.js';
import { ReceiveStream } from './receive-stream.js';
import { ACK_DELAY_MS, Recovery, type SentPacket } from './recovery.js';
import { rangeOf, SendStream } from './send-stream.js';
import { ToSay } from './to-say.js';
import type { TunnelInit } from './tunnel-init.js';

/**
 * A stream of bytes each way between two devices that can't dial each other: over a relay at once, over a direct path by UDP
 * when one has shown that it carries. Events and `now` in, datagrams out. What the bytes are, TLS of a link, is others' business:
 * the keys here keep a relay, or whoever else is on the way, from breaking that by a changed byte.
 *
 *     waiting ──something authentic has come──▶ open ──close, or nothing is heard though something was asked──▶ closed
 *        └──nothing within eight seconds──────────────────────────────────────────────────────────────────────▲
 */

/** So much may wait to be acknowledged before whoever writes is asked to wait. */
const HELD_BYTES = 262_144;
/** Packets of the other side that one acknowledgement answers. */
const ACK_EVERY = 2;

export class Tunnel {
  readonly #init: TunnelInit;
  readonly #packets: Packets;
  readonly #frames = new TunnelWriter();
  readonly #paths: TunnelPaths;
  readonly #recovery = new Recovery();
  readonly #sending = new SendStream(TUNNEL_ROOM_BYTES);
  readonly #receiving = new ReceiveStream();
  readonly #toSay = new ToSay();
  readonly #liveness: Liveness;
  #acks = 0;
  #ackAt = Number.POSITIVE_INFINITY;
  /** By which path the newest came that wants an answer. */
  #heardBy: Path | undefined;
  #closed = false;
  #full = false;
  #gaveEnd = false;

  constructor(init: TunnelInit, now: number) {
    this.#init = init;
    this.#packets = new Packets(init.out, init.in);
    this.#paths = new TunnelPaths(init.random);
    this.#liveness = new Liveness(now);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The path in use. */
  get path(): Path | undefined {
    return this.#paths.current;
  }

  /** By which the newest came that was more than a look round. */
  get heardBy(): Path | undefined {
    return this.#heardBy ?? this.path;
  }

  /** The other side may be there. */
  consider(path: Path, now: number): void {
    this.#paths.consider(path, now);
  }

  onRelay(path: Path, bound: boolean, now: number): void {
    if (this.#closed) return;
    if (this.#paths.onRelay(path, bound, now)) this.#init.onMoved();
    // Whoever waits for this side at the relay hears that it is there.
    if (bound) this.#toSay.ping = true;
    this.#work(now);
  }

  /** @returns whether there is room for more */
  write(bytes: Uint8Array, now: number): boolean {
    this.#sending.write(bytes);
    this.#work(now);
    this.#full = this.#sending.held >= HELD_BYTES;
    return !this.#full;
  }

  /** Nothing more is written. */
  end(now: number): void {
    this.#toSay.end = true;
    this.#work(now);
  }

  /** So much of what came has been read. */
  consumed(bytes: number, now: number): void {
    this.#receiving.consume(bytes);
    if (!this.#receiving.shouldTell || this.#closed) return;
    this.#toSay.room = true;
    this.#work(now);
  }

  /** This side may be there, too. */
  tell(addresses: readonly Endpoint[], now: number): void {
    this.#toSay.tell(addresses);
    this.#work(now);
  }

  /** Whatever waits is not sent any more; the other side is told. */
  close(): void {
    if (this.#closed) return;
    const frames = this.#frames.begin();
    frames.plain('close');
    for (const path of this.#paths.all) this.#emit(path, frames);
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#init.onClosed();
  }

  /** One datagram from `path`. @throws Failure 'malformed' */
  receive(datagram: Uint8Array, path: Path, now: number): void {
    if (this.#closed) return;
    const opened = this.#packets.open(datagram, now);
    if (opened === null) return;
    const isFirst = this.#liveness.onHeard(now);
    if (this.#paths.onHeard(path) || opened.frames.some(({ type }) => type === 'challenge')) {
      this.#paths.consider(path, now);
    }
    if (opened.frames.some(({ type }) => WANTS_ACK.has(type))) {
      this.#heardBy = path;
      this.#acks++;
      this.#ackAt = this.#acks >= ACK_EVERY ? now : Math.min(this.#ackAt, now + ACK_DELAY_MS);
    }
    for (const frame of opened.frames) this.#take(frame, path, datagram.length, now);
    // What was sent before the other side was there is gone.
    if (isFirst) for (const lost of this.#abandonAll(now)) this.#again(lost);
    this.#work(now);
  }

  #take(frame: TunnelFrame, path: Path, size: number, now: number): void {
    switch (frame.type) {
      case 'ack':
        this.#onAck(frame, now);
        return;
      case 'bytes':
        for (const bytes of this.#receiving.take(frame.offset, frame.bytes)) this.#init.onBytes(bytes);
        this.#giveEnd();
        return;
      case 'end':
        this.#receiving.onEnd(frame.offset);
        this.#giveEnd();
        return;
      case 'room':
        this.#sending.onRoom(frame.offset);
        return;
      case 'challenge':
        this.#answer(frame.token, path, size);
        return;
      case 'response':
        this.#onResponse(frame.token, path, now);
        return;
      case 'addresses':
        this.#init.onAddresses(frame.addresses);
        return;
      case 'close':
        this.#end();
        return;
      default:
    }
  }

  #giveEnd(): void {
    if (this.#gaveEnd || !this.#receiving.ended) return;
    this.#gaveEnd = true;
    this.#init.onEnd();
  }

  /** No larger than the question. */
  #answer(token: Uint8Array, path: Path, size: number): void {
    const frames = this.#frames.begin();
    frames.challenge('response', token);
    if (size >= TUNNEL_DATAGRAM_BYTES) frames.pad();
    this.#emit(path, frames);
  }

  #onResponse(token: Uint8Array, path: Path, now: number): void {
    this.#init.onProved(path);
    const before = this.#paths.current;
    const next = this.#paths.onResponse(token, path, this.#isSilent(now), now);
    if (next === undefined) return;
    if (next !== 'moved') {
      this.#challenge(next);
      return;
    }
    if (before !== undefined) for (const lost of this.#recovery.abandon(before, now)) this.#again(lost);
    this.#init.onMoved();
  }

  #onAck({ ranges, delay }: Extract<TunnelFrame, { type: 'ack' }>, now: number): void {
    const judged = this.#recovery.onAck(ranges, delay / 1_000, now);
    if (judged === undefined) return;
    for (const { range } of judged.acked) if (range !== undefined) this.#sending.onAcked(range);
    for (const lost of judged.lost) this.#again(lost);
    this.#liveness.onAnswered(this.#recovery.waiting > 0, now);
    if (!this.#full || this.#sending.held >= HELD_BYTES) return;
    this.#full = false;
    this.#init.onRoom();
  }

  /** A packet is lost: what was in it has to be said again. */
  #again(lost: SentPacket): void {
    if (lost.range !== undefined) this.#sending.onLost(lost.range);
    this.#toSay.again(lost);
  }

  #abandonAll(now: number): SentPacket[] {
    return this.#paths.all.flatMap((path) => this.#recovery.abandon(path, now));
  }

  #isSilent(now: number): boolean {
    const { current } = this.#paths;
    return current !== undefined && this.#recovery.isSilent(current, now);
  }

  /** Whatever became due by `now`. */
  timeout(now: number): void {
    if (this.#closed) return;
    if (now >= this.#liveness.deadAt(this.rtt)) {
      this.close();
      return;
    }
    for (const lost of this.#recovery.timeout(now)) this.#again(lost);
    const { current } = this.#paths;
    const late = current && this.#recovery.probe(current, now);
    if (late !== undefined) this.#probe(late, now);
    this.#work(now);
  }

  nextTimeout(now: number): number {
    if (this.#closed) return Number.POSITIVE_INFINITY;
    const { current } = this.#paths;
    const silent = this.#isSilent(now);
    return Math.min(
      this.#liveness.deadAt(this.rtt),
      this.#ackAt,
      this.#paths.nextAt(silent),
      current === undefined ? Number.POSITIVE_INFINITY : this.#recovery.nextTimeout(current),
      current === undefined || silent ? Number.POSITIVE_INFINITY : this.#recovery.silentAt(current),
    );
  }

  /** Nothing answers: the oldest once more, by every path there is, since the one in use may be dead. */
  #probe(late: SentPacket, now: number): void {
    this.#again(late);
    for (const path of this.#paths.others) {
      const frames = this.#frames.begin();
      const piece = late.range && this.#sending.again(late.range);
      if (piece !== undefined) frames.bytes(piece.offset, piece.bytes);
      else frames.plain('ping');
      this.#send(path, frames, now, { range: piece && rangeOf(piece) });
    }
    this.#toSay.ping = true;
  }

  #work(now: number): void {
    if (this.#closed) return;
    for (const challenge of this.#paths.due(this.#isSilent(now), now)) this.#challenge(challenge);
    const { current } = this.#paths;
    if (current === undefined) {
      if (this.#hasSome) this.#liveness.onAsked(now);
    } else while (this.#hasSome && this.#sendOne(current, now));
    if (now >= this.#ackAt) this.#acknowledge(now);
    if (this.#recovery.waiting === 0 && !this.#hasSome) this.#liveness.onAnswered(false, now);
  }

  get #hasSome(): boolean {
    return this.#sending.hasSome || this.#toSay.hasSome(this.#sending);
  }

  /** @returns whether more may follow */
  #sendOne(path: Path, now: number): boolean {
    const { ping } = this.#toSay;
    const mayLeave = this.#recovery.mayLeave(path);
    if (!ping && !mayLeave) return false;
    const frames = this.#frames.begin();
    if (this.#acks > 0 && path === this.#heardBy) this.#writeAck(frames, now);
    const said = this.#toSay.write(frames, this.#receiving);
    // A probe leaves whatever the window says, and takes nothing new along.
    const piece = mayLeave ? this.#sending.take(frames.room) : undefined;
    if (piece !== undefined) frames.bytes(piece.offset, piece.bytes);
    const end = this.#toSay.writeEnd(frames, this.#sending);
    const isNothing = piece === undefined && !end && !said.room && said.addresses === undefined;
    if (ping && isNothing) frames.plain('ping');
    this.#toSay.ping = false;
    if (isNothing && !ping) {
      // What wants no answer is not waited for.
      if (frames.length > 0) this.#emit(path, frames);
      return false;
    }
    this.#send(path, frames, now, { ...said, end, range: piece && rangeOf(piece) });
    return true;
  }

  #writeAck(frames: TunnelWriter, now: number): void {
    frames.ack(this.#packets.heldFor(now) * 1_000, this.#packets.ranges);
    this.#acks = 0;
    this.#ackAt = Number.POSITIVE_INFINITY;
  }

  /** By the path by which it came: that one carries, whatever this side's own does. */
  #acknowledge(now: number): void {
    const frames = this.#frames.begin();
    this.#writeAck(frames, now);
    if (this.#heardBy !== undefined) this.#emit(this.#heardBy, frames);
  }

  #challenge({ path, token, whole }: Challenge): void {
    const frames = this.#frames.begin();
    frames.challenge('challenge', token);
    if (whole) frames.pad();
    this.#emit(path, frames);
  }

  #send(path: Path, frames: TunnelWriter, now: number, what: Partial<SentPacket>): void {
    const { number, size } = this.#emit(path, frames);
    this.#recovery.onSent({ ...what, number, path, at: now, size });
    this.#liveness.onAsked(now);
  }

  #emit(path: Path, frames: TunnelWriter): { number: number; size: number } {
    const number = this.#recovery.number();
    const datagram = this.#packets.seal(number, frames);
    this.#init.emit(path, datagram);
    return { number, size: datagram.length };
  }

  /** The smoothed round trip of the path in use, in ms. */
  get rtt(): number | undefined {
    const { current } = this.#paths;
    return current && this.#recovery.rtt(current);
  }
}

const WANTS_ACK: ReadonlySet<TunnelFrame['type']> = new Set(['bytes', 'room', 'end', 'ping', 'addresses']);
