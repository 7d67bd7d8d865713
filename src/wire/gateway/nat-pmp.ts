import { isAddress } from '../address.js';
import { unexpected as malformed } from '../cbor.js';
import { hostOf, type MappedProtocol } from './pcp.js';

/**
 * NAT Port Mapping Protocol (RFC 6886), which PCP took the place of and many routers speak alone.
 *
 *     version 1 = 0 | opcode 1                                                       asks for the address outside
 *     version 1 = 0 | opcode 1 | reserved 2 | internal port 2 | external port 2 | lifetime 4
 *     version 1 = 0 | opcode + 128 | result 2 | epoch 4 | address 4                  the address outside
 *     version 1 = 0 | opcode + 128 | result 2 | epoch 4 | internal 2 | external 2 | lifetime 4
 */

export const NAT_PMP_VERSION = 0;
const OPCODE = { address: 0, udp: 1, tcp: 2 } as const;
const ANSWER = 0x80;
const HEADER_BYTES = 8;
const ADDRESS_BYTES = 12;
const MAP_BYTES = 16;

/** RFC 6886 §3.5, by their numbers; one that is not here is counted as `refused`. */
const RESULTS = ['success', 'unknown version', 'refused', 'network failure', 'full', 'unknown opcode'] as const;
export type NatPmpResult = (typeof RESULTS)[number];

export interface NatPmpMapRequest {
  readonly protocol: MappedProtocol;
  readonly internalPort: number;
  /** What is wished for. */
  readonly externalPort: number;
  /** Seconds; 0 takes the mapping down. */
  readonly lifetime: number;
}

export type NatPmpAnswer = {
  readonly result: NatPmpResult;
  /** Seconds since the server has its state. */
  readonly epoch: number;
} & (
  | { readonly about: 'address'; readonly host?: string }
  | {
      readonly about: MappedProtocol;
      readonly map?: { readonly internalPort: number; readonly externalPort: number; readonly lifetime: number };
    }
);

export const encodeNatPmpAddress = (): Uint8Array => Uint8Array.of(NAT_PMP_VERSION, OPCODE.address);

export function encodeNatPmpMap({ protocol, internalPort, externalPort, lifetime }: NatPmpMapRequest): Uint8Array {
  const out = new Uint8Array(12);
  const view = new DataView(out.buffer);
  out[0] = NAT_PMP_VERSION;
  out[1] = OPCODE[protocol];
  view.setUint16(4, internalPort);
  // Taken down with 0 (RFC 6886 §3.4).
  view.setUint16(6, lifetime === 0 ? 0 : externalPort);
  view.setUint32(8, lifetime);
  return out;
}

/** @throws Failure 'malformed', also for what is no answer */
export function decodeNatPmp(bytes: Uint8Array): NatPmpAnswer {
  const opcode = (bytes[1] ?? 0) & ~ANSWER;
  const about = (['address', 'udp', 'tcp'] as const)[opcode];
  if (bytes.length < HEADER_BYTES || bytes[0] !== NAT_PMP_VERSION || (bytes[1]! & ANSWER) === 0) {
    throw malformed('not an answer of NAT-PMP');
  }
  if (about === undefined) throw malformed('an answer to what nobody asked');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = { result: RESULTS[view.getUint16(2)] ?? ('refused' as const), epoch: view.getUint32(4) };
  // An error may end here (RFC 6886 §3.5).
  if (head.result !== 'success') return { ...head, about };
  if (about === 'address') {
    if (bytes.length < ADDRESS_BYTES) throw malformed('an answer of NAT-PMP that is too short');
    const host = hostOf(bytes.subarray(8, 12));
    // 0.0.0.0 says that it has none at the moment.
    return { ...head, about, ...(isAddress({ host, port: 1 }) && { host }) };
  }
  if (bytes.length < MAP_BYTES) throw malformed('an answer of NAT-PMP that is too short');
  const map = { internalPort: view.getUint16(8), externalPort: view.getUint16(10), lifetime: view.getUint32(12) };
  if (map.lifetime > 0 && map.externalPort === 0) throw malformed('a mapping to no port');
  return { ...head, about, map };
}
