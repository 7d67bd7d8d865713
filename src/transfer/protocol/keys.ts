import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { concat, utf8 } from '../../base/bytes.js';
import { CHECK_KEY_BYTES, type CheckKey, checkKey } from '../../wire/datagrams/data.js';
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, connectionId } from '../../wire/datagrams/header.js';

/**
 * Keys of a transfer. The secret came with the offer, sealed by the conversation; each session mixes in an X25519 exchange,
 * so that who learns the secret later reads nothing recorded, and no nonce is used twice when a transfer is resumed.
 */

/** What both sides know before the first datagram. */
export interface TransferSecret {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes, unpredictable. */
  readonly secret: Uint8Array;
  /** SHA-256 of the encoded manifest: a session opens only between two who mean the same content. */
  readonly manifest: Uint8Array;
}

/** Known before the handshake. */
export interface InitialKeys {
  readonly initial: Uint8Array;
  readonly punch: Uint8Array;
  /** To which the responder, and the initiator, are addressed until a session has its own ids. */
  readonly toResponder: ConnectionId;
  readonly toInitiator: ConnectionId;
}

export interface SessionKeys {
  readonly initiatorControl: Uint8Array;
  readonly responderControl: Uint8Array;
  readonly blocks: Uint8Array;
  readonly check: CheckKey;
  readonly toResponder: ConnectionId;
  readonly toInitiator: ConnectionId;
}

const ID_BYTES = 8;

function expand(secret: Uint8Array, salt: Uint8Array, label: string, lengths: readonly number[]): Uint8Array[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = new Uint8Array(hkdfSync('sha256', secret, salt, utf8(label), total));
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bytes.slice(at - length, at);
  });
}

export function initialKeys({ id, secret }: TransferSecret): InitialKeys {
  const parts = expand(secret, id, 'p2pchat transfer 1 initial', [KEY_BYTES, KEY_BYTES, ID_BYTES, ID_BYTES]);
  return {
    initial: parts[0]!,
    punch: parts[1]!,
    toResponder: connectionId(parts[2]!),
    toInitiator: connectionId(parts[3]!),
  };
}

export interface Exchange {
  readonly nonce: Uint8Array;
  readonly initiatorKey: Uint8Array;
  readonly responderKey: Uint8Array;
  /** X25519 of the two. */
  readonly shared: Uint8Array;
}

export function sessionKeys({ id, secret, manifest }: TransferSecret, exchange: Exchange): SessionKeys {
  const transcript = createHash('sha256')
    .update(concat(id, manifest, exchange.nonce, exchange.initiatorKey, exchange.responderKey))
    .digest();
  const parts = expand(concat(exchange.shared, secret), transcript, 'p2pchat transfer 1 session', [
    KEY_BYTES,
    KEY_BYTES,
    KEY_BYTES,
    CHECK_KEY_BYTES,
    ID_BYTES,
    ID_BYTES,
  ]);
  return {
    initiatorControl: parts[0]!,
    responderControl: parts[1]!,
    blocks: parts[2]!,
    check: checkKey(parts[3]!),
    toResponder: connectionId(parts[4]!),
    toInitiator: connectionId(parts[5]!),
  };
}

// --- X25519 from 32 given bytes, so that chance stays an argument ---

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');

export interface EphemeralKey {
  readonly key: KeyObject;
  readonly publicBytes: Uint8Array;
}

export function ephemeralKey(random: Uint8Array): EphemeralKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, random]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { key, publicBytes: new Uint8Array(spki.subarray(SPKI_X25519.length)) };
}

/** @throws where the other's key is of low order */
export function agree(own: EphemeralKey, other: Uint8Array): Uint8Array {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_X25519, other]), format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: own.key, publicKey });
}

// --- Sealing ---

/** AES-256-GCM; the tag stands at the end. */
export function seal(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated);
  const body = cipher.update(plain);
  cipher.final();
  return concat(body, cipher.getAuthTag());
}

/** @returns null where the bytes were not sealed so */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  const body = sealed.length - TAG_BYTES;
  if (body < 0) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  if (associated.length > 0) decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(body));
  try {
    const plain = decipher.update(sealed.subarray(0, body));
    decipher.final();
    return plain;
  } catch {
    return null;
  }
}

const NO_BYTES = new Uint8Array(0);

/** No two sealings of a session share one: a block sealed again has another generation. */
function blockNonce(block: number, generation: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce[3] = generation;
  new DataView(nonce.buffer).setUint32(8, block);
  return nonce;
}

export interface SealedBlock {
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

/** Body and tag apart: joining them would copy the whole block. */
export function sealBlock(key: Uint8Array, block: number, generation: number, plain: Uint8Array): SealedBlock {
  const cipher = createCipheriv('aes-256-gcm', key, blockNonce(block, generation));
  const body = cipher.update(plain);
  cipher.final();
  // No Buffer: taking a piece of one, which happens for each datagram, costs several times as much.
  return { body: new Uint8Array(body.buffer, body.byteOffset, body.length), tag: cipher.getAuthTag() };
}

/** @returns null where the bytes are not this block in this generation */
export const openBlock = (key: Uint8Array, block: number, generation: number, sealed: Uint8Array): Uint8Array | null =>
  open(key, blockNonce(block, generation), NO_BYTES, sealed);

export function controlNonce(counter: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, Math.floor(counter / 0x1_0000_0000));
  view.setUint32(8, counter >>> 0);
  return nonce;
}

export const punchTag = (key: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update('punch').digest().subarray(0, TAG_BYTES);
