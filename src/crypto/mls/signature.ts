import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { KEY_BYTES, verifySignature } from '../keys.js';
import { mlsFailure } from './failures.js';

/** Ed25519 (RFC 8032) by node:crypto: raw public keys of 32 bytes outside, KeyObjects inside. */

export const signEd25519 = (key: KeyObject, message: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, message, key));

export function verifyEd25519(rawPublicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (rawPublicKey.length !== KEY_BYTES) throw mlsFailure('mls-invalid', 'not an Ed25519 public key');
  return verifySignature(rawPublicKey, message, signature);
}

/** The raw public key of an Ed25519 private or public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  if (key.asymmetricKeyType !== 'ed25519') throw mlsFailure('mls-unusable', 'a signature key must be Ed25519');
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return new Uint8Array(spki.subarray(-KEY_BYTES));
}
