import { addressBytes, isAddress } from '../address.js';
import { unexpected as malformed } from '../cbor.js';
import type { Endpoint } from '../directory.js';
import { DATAGRAM_MIN_BYTES, TRANSFER_CANDIDATES, TUNNEL_ACK_RANGES } from '../limits.js';
import { decodeRanges, type Range } from './control.js';
import { TAG_BYTES } from './handshake.js';
import { COMMON_BYTES, type ConnectionId, TYPE, viewOf, writeCommon } from './header.js';
import { RELAY_DATA_BYTES } from './relay.js';
import { VarintReader, writeVarint } from './varint.js';

/**
 * A stream of bytes each way between two devices, over datagrams.
 *
 *     common | number 8 | sealed: frames | tag 16        nonce: four zeros and the number; associated: what stands before
 *     frame: type 1 | length 2 | body                    numbers in bodies are varints (RFC 9000 §16)
 *
 *     padding      anything
 *     ack          delay in µs since the largest came, then ranges of packet numbers as in an ack of a transfer
 *     bytes        offset in the stream, bytes
 *     room         up to which offset bytes are taken
 *     challenge    8 bytes
 *     response     the same 8 bytes
 *     end          the offset at which the stream ends
 *     close        the tunnel is gone
 *     ping         nothing; wants an ack, as bytes, room, end and addresses do
 *     addresses    more of them: family 1 (4 or 6) | port 2 | address 4 or 16
 *
 * Unknown frames are skipped.
 */

const HEADER_BYTES = COMMON_BYTES + 8;
/** Every path carries it, inside of a relay's datagram too. */
export const TUNNEL_DATAGRAM_BYTES = DATAGRAM_MIN_BYTES - RELAY_DATA_BYTES;
const PLAIN_BYTES = TUNNEL_DATAGRAM_BYTES - HEADER_BYTES - TAG_BYTES;
const FRAME_HEAD_BYTES = 3;
const CHALLENGE_BYTES = 8;
const VARINT_BYTES = 8;

const FRAME = {
  padding: 0,
  ack: 1,
  bytes: 2,
  room: 3,
  challenge: 4,
  response: 5,
  end: 6,
  close: 7,
  ping: 8,
  addresses: 9,
} as const;

export type TunnelFrame =
  | { readonly type: 'ack'; readonly delay: number; readonly ranges: readonly Range[] }
  | { readonly type: 'bytes'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'room' | 'end'; readonly offset: number }
  | { readonly type: 'challenge' | 'response'; readonly token: Uint8Array }
  | { readonly type: 'close' | 'ping' }
  | { readonly type: 'addresses'; readonly addresses: readonly Endpoint[] };

export function tunnelHeader(id: ConnectionId, number: number, plainBytes: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = viewOf(header);
  writeCommon(view, TYPE.tunnel, 0, HEADER_BYTES + plainBytes + TAG_BYTES, id);
  view.setUint32(12, Math.floor(number / 0x1_0000_0000));
  view.setUint32(16, number >>> 0);
  return header;
}

export interface TunnelPacket {
  readonly number: number;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

/** @throws Failure 'malformed' */
export function readTunnelPacket(datagram: Uint8Array): TunnelPacket {
  if (datagram.length < HEADER_BYTES + TAG_BYTES) throw malformed('a packet of a tunnel that is too short');
  const view = viewOf(datagram);
  const number = view.getUint32(12) * 0x1_0000_0000 + view.getUint32(16);
  if (!Number.isSafeInteger(number)) throw malformed('a number beyond 2^53');
  return { number, header: datagram.subarray(0, HEADER_BYTES), sealed: datagram.subarray(HEADER_BYTES) };
}

/** Collects frames for one packet, and then for the next. */
export class TunnelWriter {
  readonly #bytes = new Uint8Array(PLAIN_BYTES);
  readonly #view = viewOf(this.#bytes);
  #at = 0;
  #frame = 0;

  begin(): this {
    this.#at = 0;
    return this;
  }

  get length(): number {
    return this.#at;
  }

  /** Bytes of the stream that still find room beside their head. */
  get room(): number {
    return PLAIN_BYTES - this.#at - FRAME_HEAD_BYTES - VARINT_BYTES;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  ack(delay: number, ranges: readonly Range[]): void {
    this.#begin(FRAME.ack);
    this.#varint(Math.max(0, Math.round(delay)));
    let below = 0;
    for (const [index, { first, end }] of ranges.slice(0, TUNNEL_ACK_RANGES).entries()) {
      this.#varint(index === 0 ? end : below - end);
      this.#varint(end - first);
      below = first;
    }
    this.#end();
  }

  bytes(offset: number, bytes: Uint8Array): void {
    this.#begin(FRAME.bytes);
    this.#varint(offset);
    this.#raw(bytes);
    this.#end();
  }

  offset(type: 'room' | 'end', offset: number): void {
    this.#begin(FRAME[type]);
    this.#varint(offset);
    this.#end();
  }

  challenge(type: 'challenge' | 'response', token: Uint8Array): void {
    this.#begin(FRAME[type]);
    this.#raw(token);
    this.#end();
  }

  plain(type: 'close' | 'ping'): void {
    this.#begin(FRAME[type]);
    this.#end();
  }

  addresses(addresses: readonly Endpoint[]): void {
    this.#begin(FRAME.addresses);
    for (const { host, port } of addresses) {
      const bytes = addressBytes(host);
      if (bytes === null) continue;
      this.#bytes[this.#at] = bytes.length === 4 ? 4 : 6;
      this.#view.setUint16(this.#at + 1, port);
      this.#at += 3;
      this.#raw(bytes);
    }
    this.#end();
  }

  /** Makes the packet as large as any. */
  pad(): void {
    if (PLAIN_BYTES - this.#at < FRAME_HEAD_BYTES) return;
    this.#begin(FRAME.padding);
    this.#bytes.fill(0, this.#at);
    this.#at = PLAIN_BYTES;
    this.#end();
  }

  #begin(type: number): void {
    this.#frame = this.#at;
    this.#bytes[this.#at] = type;
    this.#at += FRAME_HEAD_BYTES;
  }

  #end(): void {
    this.#view.setUint16(this.#frame + 1, this.#at - this.#frame - FRAME_HEAD_BYTES);
  }

  #raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #varint(value: number): void {
    this.#at = writeVarint(this.#view, this.#at, value);
  }
}

/** @throws Failure 'malformed'; nothing of the packet is used then */
export function decodeTunnelFrames(plain: Uint8Array): TunnelFrame[] {
  const frames: TunnelFrame[] = [];
  const view = viewOf(plain);
  for (let at = 0; at < plain.length; ) {
    if (plain.length - at < FRAME_HEAD_BYTES) throw malformed('a frame cut short');
    const end = at + FRAME_HEAD_BYTES + view.getUint16(at + 1);
    if (end > plain.length) throw malformed('a frame cut short');
    const frame = decodeFrame(plain[at]!, plain.subarray(at + FRAME_HEAD_BYTES, end));
    if (frame !== undefined) frames.push(frame);
    at = end;
  }
  return frames;
}

function decodeFrame(type: number, body: Uint8Array): TunnelFrame | undefined {
  const reader = new VarintReader(body);
  switch (type) {
    case FRAME.ack:
      return { type: 'ack', delay: reader.varint(), ranges: decodeRanges(reader, TUNNEL_ACK_RANGES) };
    case FRAME.bytes:
      return { type: 'bytes', offset: reader.varint(), bytes: body.slice(body.length - reader.left) };
    case FRAME.room:
    case FRAME.end:
      return { type: type === FRAME.room ? 'room' : 'end', offset: reader.varint() };
    case FRAME.challenge:
    case FRAME.response:
      if (body.length < CHALLENGE_BYTES) throw malformed('a frame cut short');
      return { type: type === FRAME.challenge ? 'challenge' : 'response', token: body.slice(0, CHALLENGE_BYTES) };
    case FRAME.close:
    case FRAME.ping:
      return { type: type === FRAME.close ? 'close' : 'ping' };
    case FRAME.addresses:
      return { type: 'addresses', addresses: decodeAddresses(body) };
    default:
      return undefined;
  }
}

/** One that is none is left out, as in all lists of addresses. */
function decodeAddresses(body: Uint8Array): Endpoint[] {
  const found: Endpoint[] = [];
  const view = viewOf(body);
  for (let at = 0; at < body.length && found.length < TRANSFER_CANDIDATES; ) {
    const length = body[at] === 4 ? 4 : 16;
    if (body.length - at < 3 + length) throw malformed('a frame cut short');
    const address = body.subarray(at + 3, at + 3 + length);
    const one = { host: hostOf(address), port: view.getUint16(at + 1) };
    if (isAddress(one)) found.push(one);
    at += 3 + length;
  }
  return found;
}

function hostOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => ((bytes[at]! << 8) | bytes[at + 1]!).toString(16)).join(':');
}
