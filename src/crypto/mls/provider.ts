import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { Aes256Gcm, CipherSuite, HkdfSha512 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import type { Random } from '../../base/random.js';
import { mlsFailure } from './failures.js';
import { classicHpke } from './hpke.js';
import { signEd25519, verifyEd25519 } from './signature.js';
import { aeadOpen, aeadSeal, digest, expand, hashBytes, type MlsSuite, mac, suiteName } from './suite.js';
import { type CiphersuiteImpl, makeGenericHpke } from './ts-mls.js';

/** A ciphersuite as ts-mls wants it: node:crypto, and for the HPKE (RFC 9180) of the hybrid suite @hpke. */

const aead = {
  encrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) =>
    aeadSeal('hybrid', key, nonce, aad, plaintext),
  decrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) =>
    aeadOpen('hybrid', key, nonce, aad, ciphertext),
};

const hybridHpke = makeGenericHpke(
  { kem: 'X-Wing', kdf: 'HKDF-SHA512', aead: 'AES256GCM' },
  aead,
  new CipherSuite({ kem: new XWing(), kdf: new HkdfSha512(), aead: new Aes256Gcm() }),
);

const hashOf = (suite: MlsSuite): CiphersuiteImpl['hash'] => ({
  digest: async (data) => digest(suite, data),
  mac: async (key, data) => mac(suite, key, data),
  verifyMac: async (key, tag, data) => sameSecret(mac(suite, key, data), tag),
});

/** One for each suite: the library remembers by it what a node hashes to. */
const HASH = { classic: hashOf('classic'), hybrid: hashOf('hybrid') };

/**
 * Without a `signer` it can only verify. A signer signs with its key whatever key the library passes, because no
 * private signature key is ever put into the library's states.
 */
export async function libraryCrypto(suite: MlsSuite, random: Random, signer?: KeyObject): Promise<CiphersuiteImpl> {
  return {
    name: suiteName(suite),
    hash: HASH[suite],
    kdf: {
      size: hashBytes(suite),
      extract: async (salt, ikm) => mac(suite, salt, ikm),
      expand: async (secret, info, length) => expand(suite, secret, info, length),
    },
    hpke: suite === 'classic' ? classicHpke(random) : await hybridHpke,
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
