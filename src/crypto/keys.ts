import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { asBuffer, base64url, concat, fromHex, hex } from '../base/bytes.js';
import { LruCache } from '../base/lru-cache.js';
import type { Random } from '../base/random.js';

/** Ed25519 (RFC 8032) keys as their 32 raw bytes, which is what crosses the wire and lies in the vault. */

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** DER before the raw key (RFC 8410): SubjectPublicKeyInfo, and PKCS#8 around the seed. */
const SPKI_PREFIX = fromHex('302a300506032b6570032100');
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');

/**
 * Encodings of points of small order, without the sign bit: under such a "key" a signature can be made to fit any
 * message without a secret. The y of order 1, 2, 4 and 8, and the non-canonical forms of 0 and 1.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Whether the bytes may stand for someone: the right length, and no point anyone could sign for. */
export function isSoundKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES) return false;
  const unsigned = Uint8Array.from(publicKey);
  unsigned[KEY_BYTES - 1]! &= 0x7f;
  return !SMALL_ORDER.has(hex(unsigned));
}

/** SubjectPublicKeyInfo, DER. */
const spki = (publicKey: Uint8Array): Uint8Array => concat(SPKI_PREFIX, publicKey);

/** Parsing a key costs more than a verification by it, and the same few people are verified again and again. */
const parsed = new LruCache<string, KeyObject | 'unsound'>(4_096);

function verifierOf(publicKey: Uint8Array): KeyObject | 'unsound' {
  return parsed.need(asBuffer(publicKey).toString('latin1'), () =>
    isSoundKey(publicKey)
      ? createPublicKey({ key: asBuffer(spki(publicKey)), format: 'der', type: 'spki' })
      : 'unsound',
  );
}

export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const verifier = verifierOf(publicKey);
  return verifier !== 'unsound' && verify(null, message, verifier, signature);
}

/** Names a device everywhere: hex of the first 8 bytes of SHA-256 over its public key. */
export const deviceIdOf = (publicKey: Uint8Array): string =>
  createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/** Names a directory and stands in its link: base64url of SHA-256 over its CA key's SubjectPublicKeyInfo. */
export const directoryIdOf = (publicKey: Uint8Array): string =>
  base64url(createHash('sha256').update(spki(publicKey)).digest());

/** A private key with its public half. Prints as nothing. */
export class SigningKey {
  readonly publicKey: Uint8Array;
  readonly #seed: Uint8Array;
  readonly #key: KeyObject;

  private constructor(seed: Uint8Array) {
    this.#seed = Uint8Array.from(seed);
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    const spkiDer = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.publicKey = new Uint8Array(spkiDer.subarray(SPKI_PREFIX.length));
  }

  static generate(random: Random): SigningKey {
    return new SigningKey(random.bytes(KEY_BYTES));
  }

  /** @throws RangeError where the seed is not 32 bytes */
  static fromSeed(seed: Uint8Array): SigningKey {
    if (seed.length !== KEY_BYTES) throw new RangeError(`an Ed25519 seed has ${KEY_BYTES} bytes`);
    return new SigningKey(seed);
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }

  /** A copy of the 32 secret bytes; for the vault, and for MLS. */
  seed(): Uint8Array {
    return Uint8Array.from(this.#seed);
  }

  /** PKCS#8, PEM: the form Node's TLS wants. */
  pem(): string {
    return this.#key.export({ format: 'pem', type: 'pkcs8' }) as string;
  }
}
