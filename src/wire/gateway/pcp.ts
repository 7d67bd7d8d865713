import { addressBytes, isAddress, plainBytes } from '../address.js';
import { unexpected as malformed } from '../cbor.js';

/**
 * Port Control Protocol (RFC 6887), as far as a client needs it to map a port: MAP, and ANNOUNCE to ask whether anybody is
 * there. Requests and answers have one form:
 *
 *     version 1 = 2 | R 1, opcode 7 bits | reserved 2 | lifetime 4 (seconds) | address of the client 16      request
 *     version 1 = 2 | R 1, opcode 7 bits | reserved 1 | result 1 | lifetime 4 | epoch 4 (seconds) | 12       answer
 *     MAP: nonce 12 | protocol 1 | reserved 3 | internal port 2 | external port 2 | external address 16
 *
 * Options follow; those of an answer are passed over.
 */

export const PCP_VERSION = 2;
/** NAT-PMP's, too: a server of either answers there. */
export const GATEWAY_PORT = 5351;
export const PCP_NONCE_BYTES = 12;

const HEADER_BYTES = 24;
const MAP_BYTES = 36;
/** RFC 6887 §7. */
const MOST_BYTES = 1_100;
const ANSWER = 0x80;
const OPCODE = { announce: 0, map: 1 } as const;
/** IANA's numbers of protocols. */
const PROTOCOL = { tcp: 6, udp: 17 } as const;

export type MappedProtocol = keyof typeof PROTOCOL;

/** RFC 6887 §7.4, by their numbers; one that is not here is counted as `refused`. */
const RESULTS = [
  'success',
  'unknown version',
  'refused',
  'malformed request',
  'unknown opcode',
  'unknown option',
  'malformed option',
  'network failure',
  'full',
  'unknown protocol',
  'quota',
  'no such external port',
  'address mismatch',
  'too many peers',
] as const;
export type PcpResult = (typeof RESULTS)[number];

export interface PcpMapRequest {
  readonly protocol: MappedProtocol;
  /** What makes the mapping ours: whoever doesn't know it can't change it (RFC 6887 §11.1). */
  readonly nonce: Uint8Array;
  readonly internalPort: number;
  /** What is wished for, or was given before; 0 and no host where anything will do. */
  readonly externalPort: number;
  readonly externalHost?: string | undefined;
  /** Seconds; 0 takes the mapping down. */
  readonly lifetime: number;
}

export interface PcpMapAnswer {
  readonly protocol: MappedProtocol;
  readonly nonce: Uint8Array;
  readonly internalPort: number;
  readonly externalPort: number;
  readonly externalHost: string;
}

export interface PcpAnswer {
  readonly result: PcpResult;
  /** Seconds: of the mapping, or for how long an error is said to last. */
  readonly lifetime: number;
  /** Seconds since the server has its state. */
  readonly epoch: number;
  /** Undefined in the answer to ANNOUNCE, and where only the version was refused. */
  readonly map?: PcpMapAnswer | undefined;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** IPv4 as IPv4 in IPv6 (RFC 6887 §5). */
function write16(into: Uint8Array, at: number, host: string | undefined): void {
  const bytes = addressBytes(host ?? '0.0.0.0');
  if (bytes === null) throw malformed('no numeric address');
  if (bytes.length === 4) into.set([255, 255], at + 10);
  into.set(bytes, at + 16 - bytes.length);
}

function request(opcode: number, lifetime: number, client: string, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  out[0] = PCP_VERSION;
  out[1] = opcode;
  viewOf(out).setUint32(4, lifetime);
  write16(out, 8, client);
  return out;
}

/** @param client the address that the request comes from */
export const encodePcpAnnounce = (client: string): Uint8Array => request(OPCODE.announce, 0, client, HEADER_BYTES);

export function encodePcpMap(map: PcpMapRequest, client: string): Uint8Array {
  const out = request(OPCODE.map, map.lifetime, client, HEADER_BYTES + MAP_BYTES);
  const view = viewOf(out);
  out.set(map.nonce.subarray(0, PCP_NONCE_BYTES), HEADER_BYTES);
  out[36] = PROTOCOL[map.protocol];
  view.setUint16(40, map.internalPort);
  view.setUint16(42, map.externalPort);
  write16(out, 44, map.externalHost);
  return out;
}

const protocolOf = (number: number): MappedProtocol | undefined =>
  number === PROTOCOL.udp ? 'udp' : number === PROTOCOL.tcp ? 'tcp' : undefined;

/** @throws Failure 'malformed', also for what is no answer */
export function decodePcp(bytes: Uint8Array): PcpAnswer {
  const isForm = bytes.length >= HEADER_BYTES && bytes.length <= MOST_BYTES && bytes.length % 4 === 0;
  if (!isForm || bytes[0] !== PCP_VERSION || (bytes[1]! & ANSWER) === 0) throw malformed('not an answer of PCP');
  const view = viewOf(bytes);
  const result = RESULTS[bytes[3]!] ?? 'refused';
  const answer = { result, lifetime: view.getUint32(4), epoch: view.getUint32(8) };
  const opcode = bytes[1]! & ~ANSWER;
  if (opcode === OPCODE.announce) return answer;
  if (opcode !== OPCODE.map) throw malformed('an answer to what nobody asked');
  // A server that does not read our version may say no more than that.
  if (bytes.length < HEADER_BYTES + MAP_BYTES && result === 'unknown version') return answer;
  return { ...answer, map: decodeMap(bytes, result) };
}

function decodeMap(bytes: Uint8Array, result: PcpResult): PcpMapAnswer {
  if (bytes.length < HEADER_BYTES + MAP_BYTES) throw malformed('an answer of PCP that is too short');
  const view = viewOf(bytes);
  const protocol = protocolOf(bytes[36]!);
  if (protocol === undefined) throw malformed('an answer about another protocol');
  const map: PcpMapAnswer = {
    protocol,
    nonce: bytes.slice(HEADER_BYTES, HEADER_BYTES + PCP_NONCE_BYTES),
    internalPort: view.getUint16(40),
    externalPort: view.getUint16(42),
    externalHost: hostOf(bytes.subarray(44, 60)),
  };
  // Where a mapping is taken down, or refused, nothing outside belongs to it.
  const isMapped = result === 'success' && view.getUint32(4) > 0;
  if (isMapped && !isAddress({ host: map.externalHost, port: map.externalPort })) {
    throw malformed('a mapping to no address');
  }
  return map;
}

/** @param bytes 16 of them, or 4 */
export function hostOf(bytes: Uint8Array): string {
  const plain = plainBytes(bytes);
  if (plain.length === 4) return plain.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((plain[2 * at]! << 8) | plain[2 * at + 1]!).toString(16));
  return groups.join(':');
}
