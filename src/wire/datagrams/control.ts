import { unexpected as malformed } from '../cbor.js';
import { ACK_RANGES, WANT_RANGES } from '../limits.js';
import { COMMON_BYTES, type ConnectionId, TYPE, viewOf, writeCommon } from './header.js';
import { VarintReader, writeVarint } from './varint.js';

/**
 * Everything of a session but content, sealed packet by packet.
 *
 *     common | counter 8 | sealed: frames | tag 16        nonce: four zeros and the counter; associated: what stands before
 *     frame: type 1 | length 2 | body                     numbers in bodies are varints (RFC 9000 §16) unless said otherwise
 *
 * A frame of an unknown type is skipped; bytes of a body after its known fields are ignored. A frame says what is so, and
 * is sent again until its answer is seen: nothing depends on the order of control packets.
 */

export const CONTROL_HEADER_BYTES = COMMON_BYTES + 8;

export const FRAME = {
  padding: 0,
  ack: 1,
  want: 2,
  wantEcho: 3,
  reject: 4,
  challenge: 5,
  response: 6,
  probe: 7,
  probed: 8,
  complete: 9,
  close: 10,
  state: 11,
  ping: 12,
} as const;

/** Why a session ended; what an unknown number means is 'failed'. */
export const CLOSE = {
  done: 0,
  cancelled: 1,
  failed: 2,
  sourceChanged: 3,
  diskFull: 4,
  falseAcknowledgement: 5,
  tooManyRejects: 6,
  renewed: 7,
  paused: 8,
} as const;
export type CloseReason = keyof typeof CLOSE;

/** Half open: first is in it, end is not. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

export interface Ack {
  /** Microseconds from the arrival of the largest packet to this frame. */
  readonly delay: number;
  /** Distinct content bytes received so far. */
  readonly bytes: number;
  /** Received packet numbers, the largest first, apart from each other. */
  readonly ranges: readonly Range[];
}

export interface Want {
  /** A later list replaces an earlier one. */
  readonly sequence: number;
  /** Blocks in the order in which they are wanted. */
  readonly ranges: readonly Range[];
}

export interface Rejected {
  readonly block: number;
  readonly generation: number;
}

export type Frame =
  | { readonly type: 'ack'; readonly ack: Ack }
  | { readonly type: 'want'; readonly want: Want }
  | { readonly type: 'wantEcho'; readonly sequence: number }
  | { readonly type: 'reject'; readonly blocks: readonly Rejected[] }
  | { readonly type: 'challenge' | 'response'; readonly token: Uint8Array }
  | { readonly type: 'probe' | 'probed'; readonly size: number }
  | { readonly type: 'complete' }
  | { readonly type: 'close'; readonly reason: CloseReason }
  | { readonly type: 'state'; readonly paused: boolean; readonly ackDelay: number }
  | { readonly type: 'ping'; readonly id: number };

const CHALLENGE_BYTES = 8;
const REJECTS = 64;
/** A block of a few hundred holes, acknowledged whole, still fits. */
const MAX_FRAMES_BYTES = 1_100;

export function controlHeader(id: ConnectionId, counter: number, plainBytes: number): Uint8Array {
  const header = new Uint8Array(CONTROL_HEADER_BYTES);
  const view = viewOf(header);
  writeCommon(view, TYPE.control, 0, CONTROL_HEADER_BYTES + plainBytes + 16, id);
  view.setUint32(12, Math.floor(counter / 0x1_0000_0000));
  view.setUint32(16, counter >>> 0);
  return header;
}

/** Beyond 2^53 the number loses its last digits: such a counter is refused by whoever asks. */
export function controlCounter(datagram: Uint8Array): number {
  if (datagram.length < CONTROL_HEADER_BYTES + 16) throw malformed('a control packet that is too short');
  const view = viewOf(datagram);
  return view.getUint32(12) * 0x1_0000_0000 + view.getUint32(16);
}

/** Collects frames for one packet. */
export class FrameWriter {
  #bytes = new Uint8Array(256);
  #at = 0;
  #frame = 0;

  get length(): number {
    return this.#at;
  }

  get full(): boolean {
    return this.#at >= MAX_FRAMES_BYTES;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  ack(ack: Ack): void {
    const ranges = ack.ranges.slice(0, ACK_RANGES);
    this.#begin(FRAME.ack);
    this.#varint(Math.max(0, Math.round(ack.delay)));
    this.#varint(ack.bytes);
    let below = 0;
    ranges.every((range, index) => {
      if (index > 0 && this.#at > MAX_FRAMES_BYTES) return false;
      this.#varint(index === 0 ? range.end : below - range.end);
      this.#varint(range.end - range.first);
      below = range.first;
      return true;
    });
    this.#end();
  }

  want(want: Want): void {
    this.#begin(FRAME.want);
    this.#varint(want.sequence);
    for (const { first, end } of want.ranges.slice(0, WANT_RANGES)) {
      this.#varint(first);
      this.#varint(end - first);
    }
    this.#end();
  }

  wantEcho(sequence: number): void {
    this.#begin(FRAME.wantEcho);
    this.#varint(sequence);
    this.#end();
  }

  reject(blocks: readonly Rejected[]): void {
    this.#begin(FRAME.reject);
    for (const { block, generation } of blocks.slice(0, REJECTS)) {
      this.#varint(block);
      this.#varint(generation);
    }
    this.#end();
  }

  challenge(type: 'challenge' | 'response', token: Uint8Array): void {
    this.#begin(FRAME[type]);
    this.#raw(token.subarray(0, CHALLENGE_BYTES));
    this.#end();
  }

  probe(type: 'probe' | 'probed', size: number): void {
    this.#begin(FRAME[type]);
    this.#varint(size);
    this.#end();
  }

  complete(): void {
    this.#begin(FRAME.complete);
    this.#end();
  }

  close(reason: CloseReason): void {
    this.#begin(FRAME.close);
    this.#varint(CLOSE[reason]);
    this.#end();
  }

  state(paused: boolean, ackDelay: number): void {
    this.#begin(FRAME.state);
    this.#varint(paused ? 1 : 0);
    this.#varint(Math.round(ackDelay));
    this.#end();
  }

  ping(id: number): void {
    this.#begin(FRAME.ping);
    this.#varint(id);
    this.#end();
  }

  /** Makes the frames `total` bytes long, where they are shorter by at least a frame's head. */
  padTo(total: number): void {
    const missing = total - this.#at - 3;
    if (missing < 0) return;
    this.#begin(FRAME.padding);
    this.#room(missing);
    this.#bytes.fill(0, this.#at, this.#at + missing);
    this.#at += missing;
    this.#end();
  }

  #begin(type: number): void {
    this.#room(3);
    this.#bytes[this.#at] = type;
    this.#frame = this.#at;
    this.#at += 3;
  }

  #end(): void {
    viewOf(this.#bytes).setUint16(this.#frame + 1, this.#at - this.#frame - 3);
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    this.#room(8);
    this.#at = writeVarint(viewOf(this.#bytes), this.#at, value);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** @throws Failure 'malformed'; nothing of the packet is used then */
export function decodeFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 3) throw malformed('a frame cut short');
    const length = view.getUint16(at + 1);
    if (at + 3 + length > bytes.length) throw malformed('a frame cut short');
    const frame = decodeFrame(bytes[at]!, bytes.subarray(at + 3, at + 3 + length));
    if (frame !== undefined) frames.push(frame);
    at += 3 + length;
  }
  return frames;
}

function decodeFrame(type: number, body: Uint8Array): Frame | undefined {
  const reader = new VarintReader(body);
  switch (type) {
    case FRAME.ack:
      return { type: 'ack', ack: decodeAck(reader) };
    case FRAME.want:
      return { type: 'want', want: { sequence: reader.varint(), ranges: decodeWanted(reader) } };
    case FRAME.wantEcho:
      return { type: 'wantEcho', sequence: reader.varint() };
    case FRAME.reject:
      return { type: 'reject', blocks: decodeRejected(reader) };
    case FRAME.challenge:
    case FRAME.response:
      if (body.length < CHALLENGE_BYTES) throw malformed('a frame cut short');
      return { type: type === FRAME.challenge ? 'challenge' : 'response', token: body.slice(0, CHALLENGE_BYTES) };
    case FRAME.probe:
    case FRAME.probed:
      return { type: type === FRAME.probe ? 'probe' : 'probed', size: reader.varint() };
    case FRAME.complete:
      return { type: 'complete' };
    case FRAME.close:
      return { type: 'close', reason: closeReason(reader.varint()) };
    case FRAME.state:
      return { type: 'state', paused: reader.varint() === 1, ackDelay: reader.varint() };
    case FRAME.ping:
      return { type: 'ping', id: reader.varint() };
    default:
      return undefined;
  }
}

const CLOSE_REASONS = new Map(Object.entries(CLOSE).map(([reason, code]) => [code as number, reason as CloseReason]));

const closeReason = (code: number): CloseReason => CLOSE_REASONS.get(code) ?? 'failed';

function decodeAck(reader: VarintReader): Ack {
  const delay = reader.varint();
  const bytes = reader.varint();
  return { delay, bytes, ranges: decodeRanges(reader, ACK_RANGES) };
}

/** Packet numbers, the largest first, each range told by its distance below the one before. */
export function decodeRanges(reader: VarintReader, most: number): Range[] {
  const ranges: Range[] = [];
  let below = Number.MAX_SAFE_INTEGER;
  while (reader.left > 0) {
    const distance = reader.varint();
    const length = reader.varint();
    const end = ranges.length === 0 ? distance : below - distance;
    const first = end - length;
    if (length === 0 || first < 0 || (ranges.length > 0 && distance === 0)) throw malformed('ranges out of order');
    if (ranges.length === most) throw malformed('too many ranges');
    ranges.push({ first, end });
    below = first;
  }
  return ranges;
}

function decodeWanted(reader: VarintReader): Range[] {
  const ranges: Range[] = [];
  while (reader.left > 0) {
    const first = reader.varint();
    const length = reader.varint();
    if (ranges.length === WANT_RANGES) throw malformed('too many ranges');
    ranges.push({ first, end: first + length });
  }
  return ranges;
}

function decodeRejected(reader: VarintReader): Rejected[] {
  const blocks: Rejected[] = [];
  while (reader.left > 0 && blocks.length < REJECTS) {
    blocks.push({ block: reader.varint(), generation: reader.varint() });
  }
  return blocks;
}
