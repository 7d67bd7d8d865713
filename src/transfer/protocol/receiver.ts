import { type Failure, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { releaseBuffer } from '../../base/release-buffer.js';
import { type CloseReason, type Frame, FrameWriter, type Range, type Rejected } from '../../wire/datagrams/control.js';
import {
  DATA_HEADER_BYTES,
  dataBlock,
  dataGeneration,
  dataHeaderHolds,
  dataOffset,
  dataPacket,
} from '../../wire/datagrams/data.js';
import { ACK_RANGES, SESSION_PACKETS } from '../../wire/limits.js';
import { blockCount, blockLength, type Manifest } from '../../wire/transfer-manifest.js';
import { Assemblies, type Assembly } from './assembly.js';
import { ControlChannel } from './control-channel.js';
import { leafHash, pathHolds } from './hash-tree.js';
import { openBlock, type SessionKeys } from './keys.js';
import type { Emit, Path } from './path.js';
import { PathValidation } from './path-validation.js';
import { RangeSet } from './range-set.js';
import type { Trace } from './trace.js';
import { WantList } from './want-list.js';

/** Where verified content goes. */
export interface BlockSink {
  /** Blocks that are there, from this session and earlier ones. */
  readonly have: RangeSet;
  /** Puts content in its place and its number into `have`. Throws where it cannot. */
  write(block: number, content: Uint8Array): void;
  /** Asked after `write`: whether it takes over the memory of `content` too, to use it once more. */
  keep?(block: number, content: Uint8Array): boolean;
}

export interface ReceiverInit {
  readonly keys: SessionKeys;
  readonly manifest: Manifest;
  readonly sink: BlockSink;
  readonly path: Path;
  /** Bytes of unfinished blocks to hold at most, as said in the Accept. */
  readonly window: number;
  /** Bytes the socket holds: acknowledgements come several times within that. */
  readonly buffer: number;
  readonly random: Random;
  readonly emit: Emit;
  readonly now: number;
  readonly trace?: Trace;
}

export type ReceiverEnd = { readonly reason: CloseReason; readonly failure?: Failure };

const WANT_AGAIN_MS = 100;
const KEEPALIVE_MS = 500;
const COMPLETE_AGAIN_MS = 50;
/** After this many unanswered, the sender is taken to know, or to be gone. */
const COMPLETE_TRIES = 10;
/** With the first packets of a session every acknowledgement counts; later they come in bulk. */
const EARLY_PACKETS = 64;

/** Receives blocks over one session. Sans I/O: datagrams and `now` in, datagrams out. */
export class Receiver {
  readonly #init: ReceiverInit;
  readonly #control: ControlChannel;
  readonly #paths: PathValidation;
  readonly #assemblies: Assemblies;
  readonly #wants: WantList;
  readonly #blocks: number;
  readonly #packets = new RangeSet();
  readonly #ackBytes: number;
  #rejected: Rejected[] = [];
  #bytes = 0;
  #duplicates = 0;
  #largestAt = 0;
  #largest = -1;
  #unacked = 0;
  #unackedBytes = 0;
  #rangesAcked = 0;
  #unackedSince = 0;
  #total = 0;
  #ackDelay = 1;
  #echoed = -1;
  #wantAt: number;
  #lastSent: number;
  #lastHeard: number;
  #completeAt = Number.POSITIVE_INFINITY;
  #completeTries = 0;
  #end: ReceiverEnd | undefined;

  constructor(init: ReceiverInit) {
    this.#init = init;
    const { keys, manifest } = init;
    this.#blocks = blockCount(manifest);
    this.#control = new ControlChannel(keys.responderControl, keys.initiatorControl, keys.toInitiator, 1);
    this.#paths = new PathValidation(init.path, init.random);
    this.#assemblies = new Assemblies(manifest, this.#blocks, init.window);
    this.#wants = new WantList(init.sink.have, this.#blocks);
    this.#ackBytes = Math.min(Math.max(init.buffer / 8, 32 << 10), 512 << 10);
    this.#wantAt = init.now;
    this.#lastSent = init.now;
    this.#lastHeard = init.now;
  }

  get end(): ReceiverEnd | undefined {
    return this.#end;
  }

  get path(): Path {
    return this.#paths.current;
  }

  get lastHeard(): number {
    return this.#lastHeard;
  }

  get stats() {
    return {
      bytes: this.#bytes,
      packets: this.#packets.size,
      duplicates: this.#duplicates,
      unfinished: this.#assemblies.open,
    };
  }

  /** Whether all content is there. */
  get complete(): boolean {
    return this.#init.sink.have.size === this.#blocks;
  }

  /** A data datagram at [at, at + length) of `bytes`. Keeps nothing of `bytes`. */
  receiveData(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path, now: number): void {
    if (this.#end !== undefined || !dataHeaderHolds(view, at, length, this.#init.keys.check)) return;
    const packet = dataPacket(view, at);
    if (packet >= SESSION_PACKETS || !this.#take(bytes, view, at, length)) return;
    this.#lastHeard = now;
    this.#paths.onPacket(path, length, packet > this.#largest, now);
    if (this.#packets.add(packet, packet + 1) === 0) this.#duplicates++;
    if (packet > this.#largest) {
      this.#largest = packet;
      this.#largestAt = now;
    }
    if (this.#unacked++ === 0) this.#unackedSince = now;
    this.#unackedBytes += length;
    this.#total++;
  }

  /** @returns false for what is not to be acknowledged: it is of no block, or there is no room for its block */
  #take(bytes: Uint8Array, view: DataView, at: number, length: number): boolean {
    const block = dataBlock(view, at);
    if (block >= this.#blocks) return false;
    if (this.#init.sink.have.has(block)) return true;
    const generation = dataGeneration(view, at);
    const assembly = this.#assemblies.get(block, generation);
    if (assembly === null) return false;
    if (assembly.generation !== generation) {
      if (((generation - assembly.generation) & 0xff) > 0x7f) return true;
      this.#assemblies.restart(assembly, generation);
    }
    if (this.#isRejected(block, generation)) return true;
    const offset = dataOffset(view, at);
    const end = offset + length - DATA_HEADER_BYTES;
    if (end > assembly.sealed.length) return false;
    const added = assembly.received.add(offset, end);
    if (added === 0) {
      this.#duplicates++;
      return true;
    }
    assembly.sealed.set(bytes.subarray(at + DATA_HEADER_BYTES, at + length), offset);
    this.#bytes += added;
    if (assembly.received.size === assembly.sealed.length) this.#finish(assembly);
    return true;
  }

  #isRejected(block: number, generation: number): boolean {
    if (this.#rejected.length === 0) return false;
    const known = this.#rejected.findIndex((rejected) => rejected.block === block);
    if (known < 0) return false;
    if (this.#rejected[known]!.generation === generation) return true;
    this.#rejected.splice(known, 1);
    return false;
  }

  #finish(assembly: Assembly): void {
    const { block, generation, sealed } = assembly;
    const plain = openBlock(this.#init.keys.blocks, block, generation, sealed);
    const content = plain === null ? null : this.#judge(block, plain);
    this.#assemblies.release(assembly);
    if (content === null) {
      this.#bytes -= sealed.length;
      this.#rejected.push({ block, generation });
      return;
    }
    try {
      this.#init.sink.write(block, content);
    } catch (error) {
      const failure = toFailure(error);
      this.close(failure.code === 'disk-full' ? 'diskFull' : 'failed', failure);
      return;
    }
    if (!this.#init.sink.keep?.(block, content)) releaseBuffer(content);
    if (this.#wants.refresh()) this.#wantAt = 0;
  }

  /** @returns the content, or null where it is not that of the hash tree */
  #judge(block: number, plain: Uint8Array): Uint8Array | null {
    const { manifest } = this.#init;
    const content = plain.subarray(0, blockLength(manifest, block));
    if (manifest.root === undefined) return content;
    const path = plain.subarray(content.length);
    return pathHolds(manifest.root, leafHash(content), block, this.#blocks, path) ? content : null;
  }

  /** All content has its place: the sender may know. */
  finish(now: number): void {
    this.#completeAt = now;
  }

  /** A control datagram of this session, whole. @returns whether it was the initiator's */
  receiveControl(datagram: Uint8Array, path: Path, now: number): boolean {
    if (this.#end !== undefined) return false;
    const opened = this.#control.open(datagram);
    if (opened === null) return false;
    this.#lastHeard = now;
    this.#paths.onPacket(path, datagram.length, opened.newest, now);
    for (const frame of opened.frames) this.#onFrame(frame, path, now);
    return true;
  }

  #onFrame(frame: Frame, path: Path, now: number): void {
    switch (frame.type) {
      case 'wantEcho':
        this.#echoed = Math.max(this.#echoed, frame.sequence);
        return;
      case 'state':
        this.#ackDelay = Math.min(Math.max(frame.ackDelay / 1_000, 0.5), 25);
        return;
      case 'ping':
        this.#sendAck(now);
        return;
      case 'probe':
        this.#send(path, now, (writer) => writer.probe('probed', frame.size));
        return;
      case 'challenge':
        this.#send(path, now, (writer) => writer.challenge('response', frame.token));
        return;
      case 'response':
        if (this.#paths.onResponse(frame.token)) {
          this.#init.trace?.('p2pchat:path_updated', { path: this.path.key }, now);
          this.#sendAck(now);
        }
        return;
      case 'close':
        this.#end = { reason: frame.reason };
        return;
      default:
    }
  }

  /** To be called when a batch of datagrams has been handed in, and at `nextTimeout`. */
  flush(now: number): void {
    if (this.#end !== undefined) return;
    const challenge = this.#paths.challenge(now);
    if (challenge !== undefined) {
      this.#send(challenge.path, now, (writer) => writer.challenge('challenge', challenge.token));
    }
    if (this.#ackDue(now) || this.#wantDue(now) || now >= this.#lastSent + KEEPALIVE_MS) this.#sendAck(now);
    if (now >= this.#completeAt) this.#sendComplete(now);
  }

  #ackDue(now: number): boolean {
    if (this.#unacked === 0) return false;
    // Each range should be in several acknowledgements, as some of these are lost too.
    const manyGaps = this.#packets.count - this.#rangesAcked > ACK_RANGES / 4;
    if (this.#unackedBytes >= this.#ackBytes || manyGaps) return true;
    return now >= this.#unackedSince + this.#currentDelay();
  }

  #currentDelay(): number {
    return this.#total < EARLY_PACKETS ? 0.5 : this.#ackDelay;
  }

  #wantDue(now: number): boolean {
    return this.#echoed < this.#wants.sequence && now >= this.#wantAt;
  }

  #sendAck(now: number): void {
    this.#send(this.path, now, (writer) => {
      if (this.#echoed < this.#wants.sequence) {
        writer.want(this.#wants);
        this.#wantAt = now + WANT_AGAIN_MS;
      }
      if (this.#rejected.length > 0) writer.reject(this.#rejected);
      if (this.#largest < 0) return;
      const ranges: Range[] = this.#packets.newest(ACK_RANGES);
      writer.ack({ delay: (now - this.#largestAt) * 1_000, bytes: this.#bytes, ranges });
    });
    this.#packets.keepNewest(ACK_RANGES);
    this.#rangesAcked = this.#packets.count;
    this.#unacked = 0;
    this.#unackedBytes = 0;
  }

  #sendComplete(now: number): void {
    if (this.#completeTries++ === COMPLETE_TRIES) {
      this.#end = { reason: 'done' };
      return;
    }
    this.#completeAt = now + COMPLETE_AGAIN_MS * Math.min(this.#completeTries, 10);
    this.#send(this.path, now, (writer) => writer.complete());
  }

  #send(path: Path, now: number, write: (writer: FrameWriter) => void): void {
    const writer = new FrameWriter();
    write(writer);
    if (writer.length === 0) writer.padTo(3);
    const datagram = this.#control.seal(writer);
    if (path === this.path) this.#lastSent = now;
    if (this.#paths.allow(path, datagram.length)) this.#init.emit(path, datagram);
  }

  /** Blocks which something waits for, the most urgent first. */
  prefer(ranges: readonly Range[], now: number): void {
    this.#wants.prefer(ranges);
    this.#sendAck(now);
  }

  pause(paused: boolean, now: number): void {
    this.#wants.pause(paused);
    this.#sendAck(now);
  }

  close(reason: CloseReason, failure?: Failure): void {
    if (this.#end !== undefined) return;
    this.#send(this.path, 0, (writer) => writer.close(reason));
    this.#end = failure === undefined ? { reason } : { reason, failure };
  }

  nextTimeout(): number {
    if (this.#end !== undefined) return Number.POSITIVE_INFINITY;
    return Math.min(
      this.#paths.nextAt,
      this.#unacked > 0 ? this.#unackedSince + this.#currentDelay() : Number.POSITIVE_INFINITY,
      this.#echoed < this.#wants.sequence ? this.#wantAt : Number.POSITIVE_INFINITY,
      this.#lastSent + KEEPALIVE_MS,
      this.#completeAt,
    );
  }
}
