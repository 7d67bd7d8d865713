import { addressBytes, plainBytes } from '../address.js';
import { unexpected as malformed } from '../cbor.js';
import { type ConnectionId, connectionId, TYPE, viewOf, writeCommon } from './header.js';

/**
 * "Which address do my datagrams come from?" A request is answered once, with no more bytes than it had.
 *
 *     EchoRequest   common (token in place of the connection id) | zeros, 40 bytes in all
 *     EchoResponse  common (the same token) | family 1 (4 or 6) | zero | port 2 | address 4 or 16
 *
 * Port and address are XORed with the token, repeated, so that no NAT rewrites them on the way (RFC 8489 §14.2).
 */

const ECHO_REQUEST_BYTES = 40;
const ADDRESS_AT = 16;

export interface SeenAddress {
  readonly family: 4 | 6;
  readonly port: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
}

export function encodeEchoRequest(token: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ECHO_REQUEST_BYTES);
  writeCommon(viewOf(bytes), TYPE.echoRequest, 0, ECHO_REQUEST_BYTES, connectionId(token));
  return bytes;
}

const isEchoRequest = (datagram: Uint8Array): boolean =>
  datagram[0] === TYPE.echoRequest && datagram.length >= ECHO_REQUEST_BYTES;

/** @throws Failure 'malformed' */
export function decodeEchoRequest(datagram: Uint8Array): Uint8Array {
  if (!isEchoRequest(datagram)) throw malformed('not an echo request');
  return datagram.slice(4, 12);
}

export function encodeEchoResponse(token: Uint8Array, seen: SeenAddress): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_AT + seen.address.length);
  const view = viewOf(bytes);
  const id: ConnectionId = connectionId(token);
  writeCommon(view, TYPE.echoResponse, 0, bytes.length, id);
  view.setUint8(12, seen.family);
  view.setUint16(14, seen.port ^ (id.high >>> 16));
  for (let i = 0; i < seen.address.length; i++) bytes[ADDRESS_AT + i] = seen.address[i]! ^ token[i % 8]!;
  return bytes;
}

/** @returns the answer to an echo request from that address, undefined for anything else */
export function answerEcho(datagram: Uint8Array, host: string, port: number): Uint8Array | undefined {
  const address = seenBytes(host);
  if (address === null || !isEchoRequest(datagram)) return undefined;
  return encodeEchoResponse(decodeEchoRequest(datagram), { family: address.length === 4 ? 4 : 6, port, address });
}

/** An IPv4 address that a socket for both families shows is told as what it is; a zone is nobody else's business. */
function seenBytes(host: string): Uint8Array | null {
  const bytes = addressBytes(host.split('%')[0]!);
  return bytes === null ? null : plainBytes(bytes);
}

/** @throws Failure 'malformed', also where it answers another request */
export function decodeEchoResponse(datagram: Uint8Array, token: Uint8Array): SeenAddress {
  const family = datagram[12];
  const length = family === 4 ? 4 : family === 6 ? 16 : 0;
  if (datagram[0] !== TYPE.echoResponse || length === 0 || datagram.length < ADDRESS_AT + length) {
    throw malformed('not an echo response');
  }
  if (token.some((byte, i) => datagram[4 + i] !== byte)) throw malformed('an answer to another request');
  const port = viewOf(datagram).getUint16(14) ^ (connectionId(token).high >>> 16);
  const address = datagram.slice(ADDRESS_AT, ADDRESS_AT + length).map((byte, i) => byte ^ token[i % 8]!);
  return { family: family as 4 | 6, port, address };
}
