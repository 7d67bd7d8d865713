import { unexpected as malformed } from '../cbor.js';
import { RELAY_TOKEN_BYTES } from '../limits.js';
import { COOKIE_BYTES, cookieAt } from './handshake.js';
import { COMMON_BYTES, type ConnectionId, connectionId, TYPE, viewOf, writeCommon } from './header.js';

/**
 * Between a device and a relay. Datagrams for the other device travel inside of Data, and the relay looks at nothing in them.
 *
 *     Bind      common (version, id of the device's choice) | cookie 32 | lane 1 | 0 | length 2 | token | signature 64 | proof 64
 *     Retry     common (the same id) | cookie 32, as of handshake.ts but for its type
 *     Bound     common (the same id) | channel 8 | signature 64
 *     Refused   common (the same id, or the channel) | reason 1 | zeros 3 | seconds 4
 *     Data      common (channel) | datagrams
 *     Keep      common (channel) | 8 bytes
 *     Kept      common (channel) | the same 8 bytes
 *     Gone      common (channel)
 *
 * `detail` of Bound and Kept is 1 where the other device is bound too. Nothing is answered with more than it had.
 */

const SIGNATURE_BYTES = 64;
const KEEP_BYTES = 8;
/** What stands before the datagrams in Data. */
export const RELAY_DATA_BYTES = COMMON_BYTES;

/** Why a relay says no; what is unknown means 'full'. */
export const REFUSAL = {
  token: 1,
  expired: 2,
  holder: 3,
  accountQuota: 4,
  pairQuota: 5,
  relayQuota: 6,
  full: 7,
  version: 8,
} as const;
export type RelayRefusal = keyof typeof REFUSAL;

export interface Bind {
  readonly version: number;
  readonly id: ConnectionId;
  /** Null where it brings none. */
  readonly cookie: Uint8Array | null;
  readonly lane: number;
  readonly token: Uint8Array;
  readonly signature: Uint8Array;
  /** What `proof` signs. */
  readonly proved: Uint8Array;
  readonly proof: Uint8Array;
}

const LANE_AT = COMMON_BYTES + COOKIE_BYTES;
const TOKEN_AT = LANE_AT + 4;

/** Everything of a Bind but its proof. */
export function bindStatement(
  { version, id, cookie, lane }: Pick<Bind, 'version' | 'id' | 'cookie' | 'lane'>,
  { token, signature }: Pick<Bind, 'token' | 'signature'>,
): Uint8Array {
  const length = TOKEN_AT + token.length + SIGNATURE_BYTES;
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  writeCommon(view, TYPE.relayBind, version, length + SIGNATURE_BYTES, id);
  if (cookie !== null) bytes.set(cookie, COMMON_BYTES);
  view.setUint8(LANE_AT, lane);
  view.setUint16(LANE_AT + 2, token.length);
  bytes.set(token, TOKEN_AT);
  bytes.set(signature, TOKEN_AT + token.length);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodeBind(datagram: Uint8Array): Bind {
  if (datagram.length < TOKEN_AT) throw malformed('a Bind that is too short');
  const view = viewOf(datagram);
  const length = view.getUint16(LANE_AT + 2);
  const signatureAt = TOKEN_AT + length;
  const proofAt = signatureAt + SIGNATURE_BYTES;
  if (length > RELAY_TOKEN_BYTES || datagram.length < proofAt + SIGNATURE_BYTES) throw malformed('a Bind cut short');
  return {
    version: datagram[1]!,
    id: connectionId(datagram.subarray(4, COMMON_BYTES)),
    cookie: cookieAt(datagram, COMMON_BYTES),
    lane: datagram[LANE_AT]!,
    token: datagram.subarray(TOKEN_AT, signatureAt),
    signature: datagram.subarray(signatureAt, proofAt),
    proved: datagram.subarray(0, proofAt),
    proof: datagram.subarray(proofAt, proofAt + SIGNATURE_BYTES),
  };
}

/** Everything of a Bound but its signature. */
export function boundStatement(id: ConnectionId, channel: ConnectionId, there: boolean): Uint8Array {
  const length = COMMON_BYTES + 8;
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  writeCommon(view, TYPE.relayBound, there ? 1 : 0, length + SIGNATURE_BYTES, id);
  view.setUint32(COMMON_BYTES, channel.high);
  view.setUint32(COMMON_BYTES + 4, channel.low);
  return bytes;
}

export interface Bound {
  readonly channel: ConnectionId;
  readonly there: boolean;
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

/** @throws Failure 'malformed' */
export function decodeBound(datagram: Uint8Array): Bound {
  const signatureAt = COMMON_BYTES + 8;
  if (datagram.length < signatureAt + SIGNATURE_BYTES) throw malformed('a Bound that is too short');
  return {
    channel: connectionId(datagram.subarray(COMMON_BYTES, signatureAt)),
    there: datagram[1] === 1,
    statement: datagram.subarray(0, signatureAt),
    signature: datagram.subarray(signatureAt, signatureAt + SIGNATURE_BYTES),
  };
}

export interface Refused {
  readonly reason: RelayRefusal;
  /** Until it is worth another try; 0 where that is not known. */
  readonly seconds: number;
}

export function encodeRefused(id: ConnectionId, { reason, seconds }: Refused): Uint8Array {
  const bytes = new Uint8Array(COMMON_BYTES + 8);
  const view = viewOf(bytes);
  writeCommon(view, TYPE.relayRefused, 0, bytes.length, id);
  view.setUint8(COMMON_BYTES, REFUSAL[reason]);
  view.setUint32(COMMON_BYTES + 4, seconds);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodeRefused(datagram: Uint8Array): Refused {
  if (datagram.length < COMMON_BYTES + 8) throw malformed('a Refused that is too short');
  const number = datagram[COMMON_BYTES];
  const reason = (Object.keys(REFUSAL) as RelayRefusal[]).find((name) => REFUSAL[name] === number) ?? 'full';
  return { reason, seconds: viewOf(datagram).getUint32(COMMON_BYTES + 4) };
}

/** A Keep, and its answer. @param mark 8 bytes */
export function encodeKeep(
  type: typeof TYPE.relayKeep | typeof TYPE.relayKept,
  channel: ConnectionId,
  mark: Uint8Array,
  there = false,
): Uint8Array {
  const bytes = new Uint8Array(COMMON_BYTES + KEEP_BYTES);
  writeCommon(viewOf(bytes), type, there ? 1 : 0, bytes.length, channel);
  bytes.set(mark, COMMON_BYTES);
  return bytes;
}

/** @throws Failure 'malformed' */
export function keepMark(datagram: Uint8Array): Uint8Array {
  if (datagram.length < COMMON_BYTES + KEEP_BYTES) throw malformed('a Keep that is too short');
  return datagram.slice(COMMON_BYTES, COMMON_BYTES + KEEP_BYTES);
}

export function encodeGone(channel: ConnectionId): Uint8Array {
  const bytes = new Uint8Array(COMMON_BYTES);
  writeCommon(viewOf(bytes), TYPE.relayGone, 0, bytes.length, channel);
  return bytes;
}
