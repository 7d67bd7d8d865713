import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, HkdfSha512 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import type { Random } from '../../base/random.js';
import { mlsFailure } from './failures.js';
import { signEd25519, verifyEd25519 } from './signature.js';
import { aeadOpen, aeadSeal, digest, expand, hashBytes, type MlsSuite, mac, suiteName } from './suite.js';
import { type CiphersuiteImpl, makeGenericHpke } from './ts-mls.js';

/** A ciphersuite as ts-mls wants it: node:crypto, and for HPKE (RFC 9180) @hpke. */

const HPKE = {
  classic: {
    names: { kem: 'DHKEM-X25519-HKDF-SHA256', kdf: 'HKDF-SHA256', aead: 'AES128GCM' },
    suite: () => new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() }),
  },
  hybrid: {
    names: { kem: 'X-Wing', kdf: 'HKDF-SHA512', aead: 'AES256GCM' },
    suite: () => new CipherSuite({ kem: new XWing(), kdf: new HkdfSha512(), aead: new Aes256Gcm() }),
  },
} as const;

const aead = (suite: MlsSuite) => ({
  encrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) =>
    aeadSeal(suite, key, nonce, aad, plaintext),
  decrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) =>
    aeadOpen(suite, key, nonce, aad, ciphertext),
});

const hpke = {
  classic: makeGenericHpke(HPKE.classic.names, aead('classic'), HPKE.classic.suite()),
  hybrid: makeGenericHpke(HPKE.hybrid.names, aead('hybrid'), HPKE.hybrid.suite()),
};

/**
 * Without a `signer` it can only verify. A signer signs with its key whatever key the library passes, because no
 * private signature key is ever put into the library's states.
 */
export async function libraryCrypto(suite: MlsSuite, random: Random, signer?: KeyObject): Promise<CiphersuiteImpl> {
  return {
    name: suiteName(suite),
    hash: {
      digest: async (data) => digest(suite, data),
      mac: async (key, data) => mac(suite, key, data),
      verifyMac: async (key, tag, data) => sameSecret(mac(suite, key, data), tag),
    },
    kdf: {
      size: hashBytes(suite),
      extract: async (salt, ikm) => mac(suite, salt, ikm),
      expand: async (secret, info, length) => expand(suite, secret, info, length),
    },
    hpke: await hpke[suite],
    signature: {
      sign: async (_key, message) => {
        if (signer === undefined) throw mlsFailure('mls-unusable', 'nothing can be signed without a signature key');
        return signEd25519(signer, message);
      },
      verify: async (publicKey, message, signature) => verifyEd25519(publicKey, message, signature),
      keygen: () => Promise.reject(mlsFailure('mls-unusable', 'signature keys are made elsewhere')),
    },
    rng: { randomBytes: (length) => random.bytes(length) },
  };
}

const sameSecret = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
