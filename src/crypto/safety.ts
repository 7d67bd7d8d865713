import { createHash } from 'node:crypto';
import { concat, hex, utf8 } from '../base/bytes.js';
import { sha256 } from './hash.js';
import type { AccountName } from './identity.js';

/**
 * Numbers people compare. Made like Signal's numeric fingerprints (libsignal, NumericFingerprintGenerator): an iterated
 * hash makes each try at a colliding key dear, 30 digits a party are about 100 bits.
 */

export interface Party extends AccountName {
  readonly identityKey: Uint8Array;
}

const ITERATIONS = 5200;
const VERSION = utf8('p2pchat/1 safety number\0');
const CHUNK_BYTES = 5;
const CHUNKS = 6;

/** 60 digits in twelve groups of five; the same for both parties. */
export function safetyNumber(a: Party, b: Party): string {
  const [first, second] = [digitsOf(a), digitsOf(b)].sort();
  return `${first} ${second}`;
}

/** 16 hex digits in groups of four: for telling keys apart at a glance, not for verifying one. */
export const fingerprint = (identityKey: Uint8Array): string =>
  hex(sha256(identityKey))
    .slice(0, 16)
    .replace(/(.{4})(?=.)/g, '$1 ');

function digitsOf({ directoryId, folded, identityKey }: Party): string {
  let hash: Uint8Array = concat(VERSION, identityKey, utf8(`${directoryId}\0${folded}`));
  for (let round = 0; round < ITERATIONS; round++) {
    hash = createHash('sha512').update(hash).update(identityKey).digest();
  }
  const groups = Array.from({ length: CHUNKS }, (_, chunk) => {
    const bytes = hash.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  });
  return groups.join(' ');
}
