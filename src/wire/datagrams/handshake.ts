import { unexpected as malformed } from '../cbor.js';
import { DATAGRAM_MIN_BYTES } from '../limits.js';
import { COMMON_BYTES, type ConnectionId, TYPE, viewOf, writeCommon } from './header.js';

/**
 * Opening a session. The initiator (who has the files) and the responder share a secret from the offer beforehand.
 *
 *     Initial   common | nonce 12 | cookie 32 | sealed: key 32, zeros | tag 16     1,200 bytes at least; cookie zeros: none
 *     Retry     common | cookie 32
 *     Accept    common | key 32 | sealed: window 4, buffer 4, fields to come | tag 16
 *     Punch     common | tag 16
 *
 * What stands before `sealed` is its associated data, but for the cookie, which proves itself: so the same Initial goes to
 * every address, with the cookie of each. Whatever follows the known fields inside `sealed` is ignored.
 */

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
export const COOKIE_BYTES = 32;
const ACCEPT_FIELDS_BYTES = 8;
export const ACCEPT_BYTES = COMMON_BYTES + KEY_BYTES + ACCEPT_FIELDS_BYTES + TAG_BYTES;

export interface Initial {
  readonly version: number;
  readonly nonce: Uint8Array;
  /** Null where it brings none. */
  readonly cookie: Uint8Array | null;
  readonly associated: Uint8Array;
  readonly sealed: Uint8Array;
}

const COOKIE_AT = COMMON_BYTES + NONCE_BYTES;
const SEALED_AT = COOKIE_AT + COOKIE_BYTES;
/** Bytes of the sealed part, without its tag, that make an Initial as long as it has to be. */
export const INITIAL_PLAIN_BYTES = DATAGRAM_MIN_BYTES - SEALED_AT - TAG_BYTES;

export function initialAssociated(version: number, id: ConnectionId, nonce: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(COOKIE_AT);
  writeCommon(viewOf(bytes), TYPE.initial, version, DATAGRAM_MIN_BYTES, id);
  bytes.set(nonce, COMMON_BYTES);
  return bytes;
}

/** @param cookie null for none */
export function encodeInitial(associated: Uint8Array, cookie: Uint8Array | null, sealed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(SEALED_AT + sealed.length);
  bytes.set(associated);
  if (cookie !== null) bytes.set(cookie, COOKIE_AT);
  bytes.set(sealed, SEALED_AT);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodeInitial(datagram: Uint8Array): Initial {
  if (datagram.length < DATAGRAM_MIN_BYTES) throw malformed('an Initial that is too short');
  return {
    version: datagram[1]!,
    nonce: datagram.subarray(COMMON_BYTES, COOKIE_AT),
    cookie: cookieAt(datagram, COOKIE_AT),
    associated: datagram.subarray(0, COOKIE_AT),
    sealed: datagram.subarray(SEALED_AT),
  };
}

/** The cookie that stands there; null for zeros, which are none. */
export function cookieAt(datagram: Uint8Array, at: number): Uint8Array | null {
  const cookie = datagram.subarray(at, at + COOKIE_BYTES);
  return cookie.every((byte) => byte === 0) ? null : cookie;
}

/** @param type whose: a receiver's, or a relay's */
export function encodeRetry(
  id: ConnectionId,
  cookie: Uint8Array,
  type: typeof TYPE.retry | typeof TYPE.relayRetry = TYPE.retry,
): Uint8Array {
  const bytes = new Uint8Array(COMMON_BYTES + COOKIE_BYTES);
  writeCommon(viewOf(bytes), type, 0, bytes.length, id);
  bytes.set(cookie, COMMON_BYTES);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodeRetry(datagram: Uint8Array): Uint8Array {
  if (datagram.length < COMMON_BYTES + COOKIE_BYTES) throw malformed('a Retry that is too short');
  return datagram.subarray(COMMON_BYTES, COMMON_BYTES + COOKIE_BYTES);
}

export interface AcceptFields {
  /** Bytes of unfinished blocks the responder holds at most. */
  readonly window: number;
  /** Bytes its socket holds while it is busy. */
  readonly buffer: number;
}

export function encodeAcceptFields(fields: AcceptFields): Uint8Array {
  const bytes = new Uint8Array(ACCEPT_FIELDS_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, fields.window);
  view.setUint32(4, fields.buffer);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodeAcceptFields(bytes: Uint8Array): AcceptFields {
  if (bytes.length < ACCEPT_FIELDS_BYTES) throw malformed('an Accept that is too short');
  const view = viewOf(bytes);
  return { window: view.getUint32(0), buffer: view.getUint32(4) };
}

export function acceptAssociated(version: number, id: ConnectionId, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(COMMON_BYTES + KEY_BYTES);
  writeCommon(viewOf(bytes), TYPE.accept, version, bytes.length + ACCEPT_FIELDS_BYTES + TAG_BYTES, id);
  bytes.set(key, COMMON_BYTES);
  return bytes;
}

export interface Accept {
  readonly version: number;
  readonly key: Uint8Array;
  readonly associated: Uint8Array;
  readonly sealed: Uint8Array;
}

/** @throws Failure 'malformed' */
export function decodeAccept(datagram: Uint8Array): Accept {
  const sealedAt = COMMON_BYTES + KEY_BYTES;
  if (datagram.length < sealedAt + ACCEPT_FIELDS_BYTES + TAG_BYTES) throw malformed('an Accept that is too short');
  return {
    version: datagram[1]!,
    key: datagram.subarray(COMMON_BYTES, sealedAt),
    associated: datagram.subarray(0, sealedAt),
    sealed: datagram.subarray(sealedAt),
  };
}

export const PUNCH_BYTES = COMMON_BYTES + TAG_BYTES;

/** Opens the responder's side of a NAT, and shows the initiator an address it may not have been told. */
export function encodePunch(id: ConnectionId, tag: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PUNCH_BYTES);
  writeCommon(viewOf(bytes), TYPE.punch, 0, PUNCH_BYTES, id);
  bytes.set(tag, COMMON_BYTES);
  return bytes;
}

/** @throws Failure 'malformed' */
export function decodePunch(datagram: Uint8Array): Uint8Array {
  if (datagram.length < PUNCH_BYTES) throw malformed('a Punch that is too short');
  return datagram.subarray(COMMON_BYTES, PUNCH_BYTES);
}
