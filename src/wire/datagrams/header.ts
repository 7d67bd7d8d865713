import { DATAGRAM_MAX_BYTES } from '../limits.js';

/**
 * What every datagram of a transfer begins with. Integers are big-endian.
 *
 *     0      1            2        4               12
 *     type   detail       length   connection id   …
 *
 * `length` counts the whole datagram, so that what the network or the kernel joined can be cut again, and the same bytes
 * can travel on a stream. `detail` is a version in handshakes, a generation in data, zero elsewhere. Unknown types are dropped.
 */

export const TYPE = {
  initial: 1,
  retry: 2,
  accept: 3,
  punch: 4,
  data: 5,
  control: 6,
  echoRequest: 7,
  echoResponse: 8,
  relayBind: 16,
  relayRetry: 17,
  relayBound: 18,
  relayRefused: 19,
  relayData: 20,
  relayKeep: 21,
  relayKept: 22,
  relayGone: 23,
  tunnel: 24,
} as const;

export const COMMON_BYTES = 12;

/** Eight bytes which only the two sides (and who watches the path) know, as two words. */
export interface ConnectionId {
  readonly high: number;
  readonly low: number;
}

export function connectionId(bytes: Uint8Array): ConnectionId {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { high: view.getUint32(0), low: view.getUint32(4) };
}

/** For maps: distinct for ids which differ in their first 52 bits. */
export const connectionKey = (high: number, low: number): number => high * 0x10_0000 + (low >>> 12);

export function writeCommon(view: DataView, type: number, detail: number, length: number, id: ConnectionId): void {
  view.setUint8(0, type);
  view.setUint8(1, detail);
  view.setUint16(2, length);
  view.setUint32(4, id.high);
  view.setUint32(8, id.low);
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Length of the datagram at `at`, or 0 where none begins: cut short, or shorter than its header. */
export function datagramLength(view: DataView, at: number, end: number): number {
  if (end - at < COMMON_BYTES) return 0;
  const length = view.getUint16(at + 2);
  if (length < COMMON_BYTES || length > DATAGRAM_MAX_BYTES || length > end - at) return 0;
  return length;
}
