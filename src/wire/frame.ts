import { Failure } from '../base/errors.js';

/** A frame on a TLS channel: its length as four bytes, big-endian, then that many bytes of CBOR. */

const HEADER_BYTES = 4;

export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream into frames. Holds at most one unfinished frame, and refuses a length before allocating for it. */
export class FrameDecoder {
  #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A channel that has been judged may send larger frames than one that hasn't. */
  allow(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Holds what has come; `next` takes it frame by frame. */
  hold(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /**
   * @returns the first payload that is complete, undefined where none is
   * @throws Failure 'frame-too-large'; the channel must be closed then
   */
  next(): Uint8Array | undefined {
    if (this.#held < HEADER_BYTES) return undefined;
    const header = this.#peek(HEADER_BYTES);
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0);
    if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
    if (this.#held < HEADER_BYTES + length) return undefined;
    return this.#take(HEADER_BYTES + length).subarray(HEADER_BYTES);
  }

  /**
   * @returns the payloads that are complete now, in order
   * @throws as `next`
   */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.hold(chunk);
    for (let payload = this.next(); payload !== undefined; payload = this.next()) yield payload;
  }

  /** What came after the frames taken so far; the decoder is empty then. */
  rest(): Uint8Array {
    const held = this.#held === 0 ? new Uint8Array(0) : this.#peek(this.#held);
    this.#chunks = [];
    this.#held = 0;
    return held;
  }

  /** The first `length` bytes as one piece, left in place. */
  #peek(length: number): Uint8Array {
    const first = this.#chunks[0]!;
    if (first.length >= length) return first.subarray(0, length);
    this.#chunks = [joined(this.#chunks, this.#held)];
    return this.#chunks[0]!.subarray(0, length);
  }

  #take(length: number): Uint8Array {
    const taken = this.#peek(length);
    const rest = this.#chunks[0]!.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#held -= length;
    return taken;
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const tooLarge = (length: number, allowed: number): Failure =>
  new Failure('frame-too-large', `a frame of ${length} bytes, where ${allowed} are allowed`);
