/**
 * How what lies behind a link for guests is sealed: names of keys, and what each seal is bound to. Imports nothing, because the
 * page in a guest's browser is made of it, too. The seal itself is XAES-256-GCM (src/crypto/aead.ts, src/page/seal.ts).
 *
 * A link is URL `g/` LINK `#` FRAGMENT, both base64url. The fragment of a share is 32 random bytes, from which everything
 * else is derived by HKDF-SHA-256 under these names.
 */

export const GUEST_FILE_KEY = 'p2pchat/1 guest file';
export const GUEST_HEAD_KEY = 'p2pchat/1 guest head';
/** What shows the directory that somebody has the whole link; that keeps its SHA-256. */
export const GUEST_ACCESS = 'p2pchat/1 guest access';

/** What a link says to who opens it. */
export interface GuestWords {
  /** Of the file. */
  readonly name: string;
  /** Who gives it, as their program says. */
  readonly from: string;
}

const encoder = new TextEncoder();

function bound(label: string, id: Uint8Array, ...numbers: readonly number[]): Uint8Array {
  const head = encoder.encode(`${label}\0`);
  const whole = new Uint8Array(head.length + id.length + 8 * numbers.length);
  whole.set(head);
  whole.set(id, head.length);
  const view = new DataView(whole.buffer);
  for (const [index, number] of numbers.entries())
    view.setBigUint64(head.length + id.length + 8 * index, BigInt(number));
  return whole;
}

/** A block opens only in its place of its file, whose size it knows. @param id of the link */
export const guestBlockPlace = (id: Uint8Array, size: number, block: number): Uint8Array =>
  bound('p2pchat/1 guest', id, size, block);

export const guestHeadPlace = (link: Uint8Array): Uint8Array => bound('p2pchat/1 guest head', link);

/** Padded to `length`, or longer where it doesn't fit. */
export const encodeWords = (words: GuestWords, length: number): Uint8Array => {
  const text = encoder.encode(JSON.stringify(words));
  const padded = new Uint8Array(Math.max(length, text.length)).fill(0x20);
  padded.set(text);
  return padded;
};

/** Undefined for what is none. */
export function decodeWords(bytes: Uint8Array): GuestWords | undefined {
  try {
    const { name, from } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<
      string,
      unknown
    >;
    return typeof name === 'string' && typeof from === 'string' ? { name, from } : undefined;
  } catch {
    return undefined;
  }
}
