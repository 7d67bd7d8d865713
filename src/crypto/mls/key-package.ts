import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { CLOCK_SKEW_MS, KEY_PACKAGE_BYTES } from '../../wire/limits.js';
import { bytes, codec } from '../../wire/schema.js';
import { asMalformed, mlsFailure } from './failures.js';
import { checkKeyPackage, decodeWhole } from './gate.js';
import type { Library } from './library.js';
import { rawPublicKey } from './signature.js';
import { type MlsSuite, suiteName, suiteOf } from './suite.js';
import {
  encodeMlsMessage,
  generateKeyPackageWithKey,
  type KeyPackage,
  makeKeyPackageRef,
  type PrivateKeyPackage,
  verifyKeyPackage,
  verifyLeafNodeSignatureKeyPackage,
} from './ts-mls.js';

/** From when until when, both milliseconds since 1970; MLS counts in seconds. */
export interface Lifetime {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface MlsKeyPackageInit {
  readonly suite: MlsSuite;
  /** DER. */
  readonly certificate: Uint8Array;
  /** The certificate's Ed25519 private key. */
  readonly signatureKey: KeyObject;
  readonly lifetime: Lifetime;
}

export interface OwnKeyPackage {
  /** For the directory. */
  readonly public: Uint8Array;
  /** For this device's store, until the Welcome for it has been used. The signature key is not in it. */
  readonly private: Uint8Array;
  /** KeyPackageRef (RFC 9420 §5.2): what a Welcome names it by. */
  readonly ref: Uint8Array;
}

/** What a key package says of its owner, its signatures verified. */
export interface MlsKeyPackage {
  readonly suite: MlsSuite;
  readonly ref: Uint8Array;
  readonly certificate: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly lifetime: Lifetime;
}

const seconds = (ms: number): bigint => BigInt(Math.floor(ms / 1000));

export async function generateKeyPackage(
  library: Library,
  { suite, certificate, signatureKey, lifetime }: MlsKeyPackageInit,
): Promise<{ publicPackage: KeyPackage; privatePackage: PrivateKeyPackage }> {
  const crypto = await library.crypto(suite, signatureKey);
  return generateKeyPackageWithKey(
    { credentialType: 'x509', certificates: [certificate] },
    { versions: ['mls10'], ciphersuites: [suiteName(suite)], extensions: [], proposals: [], credentials: ['x509'] },
    { notBefore: seconds(lifetime.notBefore), notAfter: seconds(lifetime.notAfter) },
    [],
    { signKey: new Uint8Array(), publicKey: rawPublicKey(signatureKey) },
    crypto,
  );
}

const privateCodec = codec(
  v.object({
    keyPackage: bytes(KEY_PACKAGE_BYTES),
    init: bytes(KEY_PACKAGE_BYTES),
    encryption: bytes(KEY_PACKAGE_BYTES),
  }),
  4 * KEY_PACKAGE_BYTES,
);

export const encodeKeyPackage = (keyPackage: KeyPackage): Uint8Array =>
  encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });

export async function createKeyPackage(library: Library, init: MlsKeyPackageInit): Promise<OwnKeyPackage> {
  const made = await generateKeyPackage(library, init);
  const encoded = encodeKeyPackage(made.publicPackage);
  return {
    public: encoded,
    private: privateCodec.encode({
      keyPackage: encoded,
      init: made.privatePackage.initPrivateKey,
      encryption: made.privatePackage.hpkePrivateKey,
    }),
    ref: await makeKeyPackageRef(made.publicPackage, (await library.crypto(init.suite)).hash),
  };
}

/** @throws Failure 'mls-malformed' */
export function decodePrivateKeyPackage(blob: Uint8Array): { keyPackage: KeyPackage; keys: PrivateKeyPackage } {
  try {
    const { keyPackage, init, encryption } = privateCodec.decode(blob);
    return {
      keyPackage: decodeWhole(keyPackage, 'mls_key_package').keyPackage,
      keys: { initPrivateKey: init, hpkePrivateKey: encryption, signaturePrivateKey: new Uint8Array() },
    };
  } catch (error) {
    throw asMalformed(error, 'not a private key package');
  }
}

/** @throws Failure 'mls-malformed' or 'mls-invalid'. Neither the certificate nor the lifetime is judged. */
export async function readKeyPackage(
  library: Library,
  encoded: Uint8Array,
): Promise<{ decoded: KeyPackage; facts: MlsKeyPackage }> {
  const { keyPackage } = decodeWhole(encoded, 'mls_key_package');
  const suite = suiteOf(keyPackage.cipherSuite);
  const { certificate, signatureKey } = checkKeyPackage(keyPackage, suite);
  const { hash, signature } = await library.crypto(suite);
  const signed =
    (await verifyKeyPackage(keyPackage, signature)) &&
    (await verifyLeafNodeSignatureKeyPackage(keyPackage.leafNode, signature));
  if (!signed) throw mlsFailure('mls-invalid', 'a key package whose signature is wrong');
  const { notBefore, notAfter } = keyPackage.leafNode.lifetime;
  return {
    decoded: keyPackage,
    facts: {
      suite,
      ref: await makeKeyPackageRef(keyPackage, hash),
      certificate,
      signatureKey,
      lifetime: { notBefore: Number(notBefore) * 1000, notAfter: Number(notAfter) * 1000 },
    },
  };
}

/** @throws Failure 'mls-key-package-expired' */
export function checkLifetime({ notBefore, notAfter }: Lifetime, now: number): void {
  if (now >= notBefore - CLOCK_SKEW_MS && now <= notAfter) return;
  throw mlsFailure('mls-key-package-expired', 'the key package is expired or not valid yet');
}
