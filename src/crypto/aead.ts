import { type Cipher, createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from '../base/bytes.js';
import type { Random } from '../base/random.js';

/**
 * XAES-256-GCM (C2SP): AES-256-GCM under a key derived from the first half of a random 192-bit nonce, so that one key
 * seals 2^80 messages without a nonce ever coming twice. Sealed form: nonce (24) ‖ ciphertext ‖ tag (16).
 */

const NONCE_BYTES = 24;
const TAG_BYTES = 16;
export const AEAD_OVERHEAD = NONCE_BYTES + TAG_BYTES;

export function sealAead(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', messageKey(key, nonce), nonce.subarray(12));
  cipher.setAAD(aad);
  return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Undefined where the bytes were not sealed so: another key, another `aad`, or damaged. */
export function openAead(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  if (sealed.length < AEAD_OVERHEAD) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', messageKey(key, nonce), nonce.subarray(12), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    return concat(plaintext, decipher.final());
  } catch {
    return undefined;
  }
}

/** NIST SP 800-108r1 KDF in counter mode over CMAC, for two blocks: as c2sp.org/XAES-256-GCM spells it out. */
function messageKey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const { aes, subkey } = cmacOf(key);
  const blocks = new Uint8Array(32);
  for (const [index, at] of [0, 16].entries()) {
    blocks.set([0, index + 1, 0x58, 0], at);
    blocks.set(nonce.subarray(0, 12), at + 4);
    for (let i = 0; i < 16; i++) blocks[at + i]! ^= subkey[i]!;
  }
  return new Uint8Array(aes.update(blocks));
}

/** Block by block, each by itself, so that one object serves all messages under a key. */
interface Cmac {
  readonly aes: Cipher;
  readonly subkey: Uint8Array;
}

const cmacs = new WeakMap<Uint8Array, Cmac>();

/** Making one costs more than using it; keys are never changed in place. */
function cmacOf(key: Uint8Array): Cmac {
  const known = cmacs.get(key);
  if (known !== undefined) return known;
  const aes = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const cmac = { aes, subkey: double(aes.update(new Uint8Array(16))) };
  cmacs.set(key, cmac);
  return cmac;
}

/** Multiplication by x in GF(2^128), as CMAC's subkeys are made (NIST SP 800-38B §6.1). */
function double(block: Uint8Array): Uint8Array {
  const doubled = Uint8Array.from(block, (byte, index) => ((byte << 1) | ((block[index + 1] ?? 0) >> 7)) & 0xff);
  if (block[0]! & 0x80) doubled[15]! ^= 0x87;
  return doubled;
}
