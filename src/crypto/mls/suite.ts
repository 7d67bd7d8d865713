import { createCipheriv, createDecipheriv, createHmac, hash } from 'node:crypto';
import { concat, utf8 } from '../../base/bytes.js';
import { mlsFailure } from './failures.js';
import { lengthHead, uint } from './tls.js';
import type { CiphersuiteImpl } from './ts-mls.js';

/**
 * The two ciphersuites on node:crypto. Its calls are synchronous and ten times faster than WebCrypto's for inputs of
 * this size; only X-Wing stays with @hpke.
 */

/** 'classic' is ciphersuite 1 of RFC 9420; 'hybrid' encrypts to X25519 and ML-KEM-768 together (X-Wing). */
export type MlsSuite = 'classic' | 'hybrid';

type SuiteName = CiphersuiteImpl['name'];

interface Parameters {
  readonly name: SuiteName;
  readonly hash: 'sha256' | 'sha512';
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm';
  readonly keyBytes: number;
  readonly hashBytes: number;
}

const PARAMETERS: Readonly<Record<MlsSuite, Parameters>> = {
  classic: {
    name: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
    hash: 'sha256',
    cipher: 'aes-128-gcm',
    keyBytes: 16,
    hashBytes: 32,
  },
  hybrid: {
    name: 'MLS_256_XWING_AES256GCM_SHA512_Ed25519',
    hash: 'sha512',
    cipher: 'aes-256-gcm',
    keyBytes: 32,
    hashBytes: 64,
  },
};

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const suiteName = (suite: MlsSuite): SuiteName => PARAMETERS[suite].name;
export const keyBytes = (suite: MlsSuite): number => PARAMETERS[suite].keyBytes;
export const hashBytes = (suite: MlsSuite): number => PARAMETERS[suite].hashBytes;

/** @throws Failure 'mls-invalid' where it is neither of ours */
export function suiteOf(name: string): MlsSuite {
  for (const suite of ['classic', 'hybrid'] as const) if (PARAMETERS[suite].name === name) return suite;
  throw mlsFailure('mls-invalid', 'the ciphersuite is not one of ours');
}

export const digest = (suite: MlsSuite, data: Uint8Array): Uint8Array =>
  new Uint8Array(hash(PARAMETERS[suite].hash, data, 'buffer'));

export const mac = (suite: MlsSuite, key: Uint8Array, data: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac(PARAMETERS[suite].hash, key).update(data).digest());

/** HKDF-Expand (RFC 5869 §2.3). */
export function expand(suite: MlsSuite, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  let block: Uint8Array = new Uint8Array(0);
  let out: Uint8Array = block;
  for (let counter = 1; out.length < length; counter++) {
    block = mac(suite, secret, concat(block, info, uint(1, counter)));
    out = out.length === 0 ? block : concat(out, block);
  }
  return out.length === length ? out : out.subarray(0, length);
}

const labels = new Map<string, Uint8Array>();

/** `opaque label<V>` of "MLS 1.0 " and the name. */
function labelled(name: string): Uint8Array {
  let label = labels.get(name);
  if (label === undefined) {
    const text = utf8(`MLS 1.0 ${name}`);
    label = concat(lengthHead(text.length), text);
    labels.set(name, label);
  }
  return label;
}

/** RFC 9420 §8. */
export const expandWithLabel = (
  suite: MlsSuite,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array =>
  expand(suite, secret, concat(uint(2, length), labelled(label), lengthHead(context.length), context), length);

/** RFC 9420 §9: the secrets of one generation. */
export const deriveTreeSecret = (
  suite: MlsSuite,
  secret: Uint8Array,
  label: string,
  generation: number,
  length: number,
): Uint8Array => expandWithLabel(suite, secret, label, uint(4, generation), length);

/** What is signed: SignContent of RFC 9420 §5.1.2. */
export const signContent = (label: string, ...content: readonly Uint8Array[]): Uint8Array => {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return concat(labelled(label), lengthHead(length), ...content);
};

export function aeadSeal(
  suite: MlsSuite,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(PARAMETERS[suite].cipher, key, nonce);
  cipher.setAAD(aad);
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws Failure 'mls-unreadable' */
export function aeadOpen(
  suite: MlsSuite,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const split = ciphertext.length - TAG_BYTES;
  if (split < 0) throw mlsFailure('mls-unreadable', 'the ciphertext is cut short');
  const decipher = createDecipheriv(PARAMETERS[suite].cipher, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(split));
  try {
    return concat(decipher.update(ciphertext.subarray(0, split)), decipher.final());
  } catch (cause) {
    throw mlsFailure('mls-unreadable', 'the message does not decrypt', { cause });
  }
}
