import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { asBuffer, utf8 } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import {
  decodeWords,
  GUEST_FILE_KEY,
  GUEST_SENDER,
  type GuestWords,
  guestBlockPlace,
  guestDropPlace,
} from '../wire/guest-seal.js';
import { openAead } from './aead.js';
import { derive } from './kdf.js';

/**
 * What guests hand in, at whoever made the link: sealed by HPKE (RFC 9180) to a key of the link, with a shared key that the
 * directory does not have. P-256, because every browser has it, which can't be said of X25519.
 */

const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export interface DropKeys {
  readonly privateKey: Uint8Array;
  /** 65 bytes, not compressed. */
  readonly publicKey: Uint8Array;
}

const plain = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

export async function createDropKeys(random: Random): Promise<DropKeys> {
  const pair = await suite.kem.deriveKeyPair(plain(random.bytes(32)));
  return {
    privateKey: new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey)),
    publicKey: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)),
  };
}

export interface Drop {
  readonly visit: Uint8Array;
  readonly size: number;
  readonly enc: Uint8Array;
  readonly head: Uint8Array;
}

export interface OpenedDrop {
  readonly words: GuestWords;
  /** Undefined where the bytes are not this block of it. */
  open(block: number, sealed: Uint8Array): Uint8Array | undefined;
}

/** What the maker of a link opens with. */
export interface Opener {
  readonly link: Uint8Array;
  readonly secret: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Undefined where it was not sealed to this key, for this link, by somebody who has all of it. */
export async function openDrop({ link, secret, privateKey }: Opener, drop: Drop): Promise<OpenedDrop | undefined> {
  const { visit, size, enc, head } = drop;
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(plain(privateKey));
    const info = plain(guestDropPlace(link, visit));
    const psk = { id: plain(utf8(GUEST_SENDER)), key: plain(derive(secret, GUEST_SENDER)) };
    const recipient = await suite.createRecipientContext({ recipientKey, enc: plain(enc), info, psk });
    const words = decodeWords(new Uint8Array(await recipient.open(plain(head))));
    const key = new Uint8Array(await recipient.export(plain(utf8(GUEST_FILE_KEY)), 32));
    return (
      words && { words, open: (block, sealed) => openAead(key, asBuffer(sealed), guestBlockPlace(visit, size, block)) }
    );
  } catch {
    return undefined;
  }
}
