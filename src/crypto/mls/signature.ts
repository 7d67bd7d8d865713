import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concat } from '../../base/bytes.js';
import { mlsFailure } from './failures.js';

/** Ed25519 (RFC 8032) by node:crypto: raw public keys of 32 bytes outside, KeyObjects inside. */

/** RFC 8410: SubjectPublicKeyInfo of an Ed25519 key, up to the key itself. */
const SPKI_HEAD = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const RAW_BYTES = 32;
/** Parsing a key costs as much as a verification; members of a few conversations fit in. */
const CACHED_KEYS = 2048;

const cache = new Map<string, KeyObject>();

function publicKeyOf(raw: Uint8Array): KeyObject {
  const name = Buffer.from(raw).toString('latin1');
  const known = cache.get(name);
  if (known !== undefined) return known;
  if (raw.length !== RAW_BYTES) throw mlsFailure('mls-invalid', 'not an Ed25519 public key');
  const key = createPublicKey({ key: Buffer.from(concat(SPKI_HEAD, raw)), format: 'der', type: 'spki' });
  if (cache.size >= CACHED_KEYS) cache.delete(cache.keys().next().value!);
  cache.set(name, key);
  return key;
}

export const signEd25519 = (key: KeyObject, message: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, message, key));

export const verifyEd25519 = (rawPublicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  verify(null, message, publicKeyOf(rawPublicKey), signature);

/** The raw public key of an Ed25519 private or public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  if (key.asymmetricKeyType !== 'ed25519') throw mlsFailure('mls-unusable', 'a signature key must be Ed25519');
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return new Uint8Array(spki.subarray(-RAW_BYTES));
}
