import { timingSafeEqual } from 'node:crypto';
import { hmac } from './kdf.js';

const PROOF_BYTES = 32;

/** Proofs that whoever has the secret said something, for nobody but itself: HMAC-SHA256. */
export class Proofs {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** All parts but the last have a fixed length. */
  of(...parts: readonly Uint8Array[]): Uint8Array {
    return hmac(this.#secret, ...parts);
  }

  holds(proof: Uint8Array, ...parts: readonly Uint8Array[]): boolean {
    return proof.length === PROOF_BYTES && timingSafeEqual(proof, this.of(...parts));
  }
}

/** A number in eight bytes, big-endian. */
export function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
