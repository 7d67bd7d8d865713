import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { concat, fromHex, hex, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { LAN_TAG_BYTES } from '../wire/limits.js';
import { openAead, sealAead } from './aead.js';
import { derive, hmac } from './kdf.js';
import { isSoundKey, type SigningKey } from './keys.js';

/**
 * What lets two accounts recognise each other on a network where strangers listen: a secret of their identity keys alone
 * (X25519 between the two Ed25519 keys, RFC 7748 §4.1), by which tags are made that nobody else can tell from chance.
 */

const X25519_PKCS8 = fromHex('302e020100300506032b656e04220420');
const X25519_SPKI = fromHex('302a300506032b656e032100');
const FIELD = 2n ** 255n - 19n;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % FIELD];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD;
    square = (square * square) % FIELD;
  }
  return result;
}

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);

/** The same point as X25519 knows it: u = (1 + y) / (1 − y). Public, so that the time it takes tells nothing. */
function montgomery(publicKey: Uint8Array): Uint8Array {
  const y = littleEndian(publicKey) & (2n ** 255n - 1n);
  const u = ((1n + y) * power(FIELD + 1n - (y % FIELD), FIELD - 2n)) % FIELD;
  return fromHex(u.toString(16).padStart(64, '0')).reverse();
}

/** The scalar of an Ed25519 seed (RFC 8032 §5.1.5); X25519 clamps it. */
const scalar = (seed: Uint8Array): Uint8Array => createHash('sha512').update(seed).digest().subarray(0, 32);

/**
 * The same on both sides, and another for each pair and directory; with one's own key it is for one's own devices.
 * @returns undefined where the other key stands for nobody
 */
export function pairSecret(identity: SigningKey, other: Uint8Array, directoryId: string): Uint8Array | undefined {
  if (!isSoundKey(other)) return undefined;
  const der = (prefix: Uint8Array, key: Uint8Array): Buffer => Buffer.concat([prefix, key]);
  const privateKey = createPrivateKey({
    key: der(X25519_PKCS8, scalar(identity.seed())),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey({ key: der(X25519_SPKI, montgomery(other)), format: 'der', type: 'spki' });
  try {
    return derive(new Uint8Array(diffieHellman({ privateKey, publicKey })), `p2pchat/1 lan ${directoryId}`);
  } catch {
    return undefined;
  }
}

const TAG = utf8('tag');
const ANSWER = utf8('answer');

function hourOf(secret: Uint8Array, hour: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(hour);
  return hmac(secret, bytes);
}

/** @param asker the identity key of whoever asks: a question is not taken for one in the other direction */
export const lanTag = (secret: Uint8Array, hour: number, nonce: Uint8Array, asker: Uint8Array): string =>
  hex(hmac(hourOf(secret, hour), TAG, nonce, asker).subarray(0, LAN_TAG_BYTES));

const answerKey = (secret: Uint8Array, hour: number, nonce: Uint8Array): Uint8Array =>
  hmac(hourOf(secret, hour), ANSWER, nonce);

interface Asked {
  readonly hour: number;
  readonly nonce: Uint8Array;
}

/** For whoever asked, and for this question alone. */
export const sealLanAnswer = (
  secret: Uint8Array,
  { hour, nonce }: Asked,
  tag: string,
  answer: Uint8Array,
  random: Random,
): Uint8Array => sealAead(answerKey(secret, hour, nonce), answer, concat(ANSWER, utf8(tag)), random);

export const openLanAnswer = (
  secret: Uint8Array,
  { hour, nonce }: Asked,
  tag: string,
  sealed: Uint8Array,
): Uint8Array | undefined => openAead(answerKey(secret, hour, nonce), sealed, concat(ANSWER, utf8(tag)));
