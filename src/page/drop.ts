import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { encodeWords, GUEST_FILE_KEY, GUEST_SENDER, guestDropPlace } from '../wire/guest-seal.js';
import { GUEST_WORDS_BYTES } from '../wire/limits.js';
import { type Bytes, base64url, derive, Seal } from './seal.js';

/** What a file that is handed in begins with, and what seals its blocks. */
export interface Sealed {
  readonly enc: string;
  readonly head: string;
  readonly seal: Seal;
}

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Where a file goes: to whoever made the link, by its public key, and with what only those know who have the link. */
export interface Recipient {
  readonly link: Bytes;
  readonly secret: Bytes;
  readonly key: Bytes;
}

export async function sealTo({ link, secret, key }: Recipient, visit: Bytes, name: string): Promise<Sealed> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(key.buffer);
  const info = guestDropPlace(link, visit).slice().buffer as ArrayBuffer;
  const psk = { id: new TextEncoder().encode(GUEST_SENDER).buffer, key: (await derive(secret, GUEST_SENDER)).buffer };
  const sender = await suite.createSenderContext({ recipientPublicKey, info, psk });
  const words = encodeWords({ name, from: '' }, GUEST_WORDS_BYTES).slice().buffer as ArrayBuffer;
  const head = await sender.seal(words);
  const exported = await sender.export(new TextEncoder().encode(GUEST_FILE_KEY).slice().buffer, 32);
  return {
    enc: base64url(new Uint8Array(sender.enc)),
    head: base64url(new Uint8Array(head)),
    seal: await Seal.of(new Uint8Array(exported)),
  };
}
