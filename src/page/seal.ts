import { guestBlockPlace } from '../wire/guest-seal.js';

/** What the program does by node:crypto (src/crypto/aead.ts, src/crypto/kdf.ts), by WebCrypto. */

const NONCE_BYTES = 24;

export type Bytes = Uint8Array<ArrayBuffer>;
/** As WebCrypto has it, wherever this is compiled. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export async function derive(secret: Bytes, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

/**
 * Gives the memory of what was used back at once: a browser that is busy collects blocks more slowly than they come, and a
 * page that passed a file on would hold all of it.
 */
export function release({ buffer }: Bytes): void {
  // Not `transfer(0)` of the buffer: what the browser has made itself it holds on to then.
  if (buffer.byteLength > 0) structuredClone(null, { transfer: [buffer] });
}

/** XAES-256-GCM (C2SP) under one key. */
export class Seal {
  readonly #aes: Key;
  readonly #subkey: Bytes;

  private constructor(aes: Key, subkey: Bytes) {
    this.#aes = aes;
    this.#subkey = subkey;
  }

  static async of(key: Bytes): Promise<Seal> {
    const aes = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['encrypt']);
    return new Seal(aes, doubled(await encrypted(aes, new Uint8Array(16))));
  }

  /** Undefined where the bytes were not sealed so. */
  async open(sealed: Bytes, place: Uint8Array): Promise<Bytes | undefined> {
    if (sealed.length < NONCE_BYTES + 16) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const key = await this.#messageKey(nonce, 'decrypt');
    const how = { name: 'AES-GCM', iv: nonce.subarray(12), additionalData: place as Bytes };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.subarray(NONCE_BYTES)));
    } catch {
      return undefined;
    }
  }

  async seal(plain: Bytes, place: Uint8Array): Promise<Bytes> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const key = await this.#messageKey(nonce, 'encrypt');
    const how = { name: 'AES-GCM', iv: nonce.subarray(12), additionalData: place as Bytes };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(how, key, plain));
    const whole = new Uint8Array(nonce.length + sealed.length);
    whole.set(nonce);
    whole.set(sealed, nonce.length);
    release(sealed);
    return whole;
  }

  openBlock(sealed: Bytes, id: Bytes, size: number, block: number): Promise<Bytes | undefined> {
    return this.open(sealed, guestBlockPlace(id, size, block));
  }

  async #messageKey(nonce: Bytes, use: 'decrypt' | 'encrypt'): Promise<Key> {
    const raw = new Uint8Array(32);
    for (const half of [0, 1]) {
      const block = new Uint8Array(16);
      block.set([0, half + 1, 0x58, 0]);
      block.set(nonce.subarray(0, 12), 4);
      raw.set(
        await encrypted(
          this.#aes,
          block.map((byte, at) => byte ^ this.#subkey[at]!),
        ),
        16 * half,
      );
    }
    return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, [use]);
  }
}

/** One block by itself: the first of CBC from zeros is that; what follows is padding. */
async function encrypted(aes: Key, block: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, aes, block), 0, 16);
}

/** Multiplication by x in GF(2^128) (NIST SP 800-38B §6.1). */
function doubled(block: Bytes): Bytes {
  const twice = block.map((byte, at) => ((byte << 1) | ((block[at + 1] ?? 0) >> 7)) & 0xff);
  if (block[0]! & 0x80) twice[15]! ^= 0x87;
  return twice;
}

/** Undefined for what is none. */
export function fromBase64url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
