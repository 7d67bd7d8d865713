import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { asBuffer, concat, fromHex, utf8 } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { mlsFailure } from './failures.js';
import { aeadOpen, aeadSeal, expand, hashBytes, keyBytes, mac, NONCE_BYTES } from './suite.js';
import { uint } from './tls.js';
import type { CiphersuiteImpl } from './ts-mls.js';

/**
 * HPKE (RFC 9180), base mode, one shot, of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM on node:crypto. Whoever
 * follows a group derives a key for each node above him with every commit, and by WebCrypto that was 40 % of all work. A
 * private key is its 32 bytes, and becomes OpenSSL's only where it is used.
 */

type Hpke = CiphersuiteImpl['hpke'];
type PrivateKey = Awaited<ReturnType<Hpke['importPrivateKey']>>;
type PublicKey = Awaited<ReturnType<Hpke['importPublicKey']>>;

const KEY_BYTES = 32;
const EMPTY = new Uint8Array(0);
const VERSION = utf8('HPKE-v1');
const KEM = concat(utf8('KEM'), uint(2, 0x0020));
const SUITE = concat(utf8('HPKE'), uint(2, 0x0020), uint(2, 0x0001), uint(2, 0x0001));

/** DER before the raw key (RFC 8410). */
const SPKI_PREFIX = fromHex('302a300506032b656e032100');
const PKCS8_PREFIX = fromHex('302e020100300506032b656e04220420');

const labeledExtract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  mac('classic', salt, concat(VERSION, suite, utf8(label), ikm));

const labeledExpand = (
  suite: Uint8Array,
  secret: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array => expand('classic', secret, concat(uint(2, length), VERSION, suite, utf8(label), info), length);

const privateObject = (raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: asBuffer(concat(PKCS8_PREFIX, raw)), format: 'der', type: 'pkcs8' });

const publicObject = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: asBuffer(concat(SPKI_PREFIX, raw)), format: 'der', type: 'spki' });

const publicOf = (key: KeyObject): Uint8Array =>
  new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length));

/** X25519; OpenSSL refuses a result of zeros, as RFC 9180 §7.1.4 wants it. @throws Failure 'mls-unreadable' */
function agree(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(diffieHellman({ privateKey, publicKey: publicObject(publicKey) }));
  } catch (cause) {
    throw mlsFailure('mls-unreadable', 'no key can be agreed with that public key', { cause });
  }
}

function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM, EMPTY, 'eae_prk', dh);
  return labeledExpand(KEM, prk, 'shared_secret', concat(enc, recipient), hashBytes('classic'));
}

function encapsulate(recipient: Uint8Array, random: Random): { enc: Uint8Array; shared: Uint8Array } {
  const ephemeral = privateObject(random.bytes(KEY_BYTES));
  const enc = publicOf(ephemeral);
  return { enc, shared: sharedSecret(agree(ephemeral, recipient), enc, recipient) };
}

function decapsulate(enc: Uint8Array, raw: Uint8Array): Uint8Array {
  const key = privateObject(raw);
  return sharedSecret(agree(key, enc), enc, publicOf(key));
}

/** RFC 9180 §5.1, mode_base. */
function schedule(shared: Uint8Array, info: Uint8Array) {
  const context = concat(
    uint(1, 0),
    labeledExtract(SUITE, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(SUITE, EMPTY, 'info_hash', info),
  );
  const secret = labeledExtract(SUITE, shared, 'secret', EMPTY);
  const derive = (label: string, length: number): Uint8Array => labeledExpand(SUITE, secret, label, context, length);
  return {
    key: () => derive('key', keyBytes('classic')),
    nonce: () => derive('base_nonce', NONCE_BYTES),
    exported: (exporterContext: Uint8Array, length: number) =>
      labeledExpand(SUITE, derive('exp', hashBytes('classic')), 'sec', exporterContext, length),
  };
}

/** The library passes keys around without looking into them. */
const asPrivate = (raw: Uint8Array): PrivateKey => ({ type: 'private', raw }) as unknown as PrivateKey;
const asPublic = (raw: Uint8Array | (() => Uint8Array)): PublicKey => ({ type: 'public', raw }) as unknown as PublicKey;
const rawPrivate = (key: PrivateKey): Uint8Array => (key as unknown as { raw: Uint8Array }).raw;
function rawPublic(key: PublicKey): Uint8Array {
  const { raw } = key as unknown as { raw: Uint8Array | (() => Uint8Array) };
  return typeof raw === 'function' ? raw() : raw;
}

function checked(raw: Uint8Array): Uint8Array {
  if (raw.length !== KEY_BYTES) throw mlsFailure('mls-malformed', `a key of ${raw.length} bytes`);
  return raw;
}

/** Most who derive a key pair want one half of it. */
const pair = (raw: Uint8Array) => ({
  privateKey: asPrivate(raw),
  publicKey: asPublic(() => publicOf(privateObject(raw))),
});

export const classicHpke = (random: Random): Hpke => ({
  async seal(publicKey, plaintext, info, aad = EMPTY) {
    const { enc, shared } = encapsulate(rawPublic(publicKey), random);
    const { key, nonce } = schedule(shared, info);
    return { enc, ct: aeadSeal('classic', key(), nonce(), aad, plaintext) };
  },
  async open(privateKey, enc, ciphertext, info, aad = EMPTY) {
    const { key, nonce } = schedule(decapsulate(checked(enc), rawPrivate(privateKey)), info);
    return aeadOpen('classic', key(), nonce(), aad, ciphertext);
  },
  async exportSecret(publicKey, exporterContext, length, info) {
    const { enc, shared } = encapsulate(rawPublic(publicKey), random);
    return { enc, secret: schedule(shared, info).exported(exporterContext, length) };
  },
  async importSecret(privateKey, exporterContext, enc, length, info) {
    return schedule(decapsulate(checked(enc), rawPrivate(privateKey)), info).exported(exporterContext, length);
  },
  importPrivateKey: async (raw) => asPrivate(checked(raw)),
  importPublicKey: async (raw) => asPublic(checked(raw)),
  exportPrivateKey: async (key) => rawPrivate(key),
  exportPublicKey: async (key) => rawPublic(key),
  encryptAead: async (key, nonce, aad, plaintext) => aeadSeal('classic', key, nonce, aad ?? EMPTY, plaintext),
  decryptAead: async (key, nonce, aad, ciphertext) => aeadOpen('classic', key, nonce, aad ?? EMPTY, ciphertext),
  async deriveKeyPair(ikm) {
    return pair(labeledExpand(KEM, labeledExtract(KEM, EMPTY, 'dkp_prk', ikm), 'sk', EMPTY, KEY_BYTES));
  },
  generateKeyPair: async () => pair(random.bytes(KEY_BYTES)),
  keyLength: keyBytes('classic'),
  nonceLength: NONCE_BYTES,
});
