/**
 * How what lies behind a link for guests is sealed: names of keys, and what each seal is bound to. Imports nothing, because the
 * page in a guest's browser is made of it, too. The seal itself is XAES-256-GCM (src/crypto/aead.ts, src/page/seal.ts).
 *
 * A link is URL `g/` LINK `#` FRAGMENT, both base64url. The fragment of a share is 32 random bytes, from which everything
 * else is derived by HKDF-SHA-256 under these names. That of a link by which files are handed in is 32 random bytes likewise,
 * and the SHA-256 of a public key, so that the directory can give out no other: what is handed in is sealed to it by HPKE
 * (RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), and its blocks under a key which that exports. The mode is
 * that of a shared key, derived from the secret: the directory knows the public key, and could make files up without it.
 */
export const GUEST_SECRET_BYTES = 32;
/** Of a link by which files are handed in: what stands behind the secret. */
export const GUEST_PIN_BYTES = 32;

export const GUEST_FILE_KEY = 'p2pchat/1 guest file';
export const GUEST_HEAD_KEY = 'p2pchat/1 guest head';
/** What shows the directory that somebody has the whole link; that keeps its SHA-256. */
export const GUEST_ACCESS = 'p2pchat/1 guest access';

/** What shows who opens a file that was handed in that it comes from somebody with the whole link. */
export const GUEST_SENDER = 'p2pchat/1 guest sender';

/** What a link says to who opens it. */
export interface GuestWords {
  /** Of the file; of what is to be handed in. */
  readonly name: string;
  /** Who gives it, or asks for it, as their program says; empty of what a guest hands in. */
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

/** A block opens only in its place of its file, whose size it knows. @param id of the link, or of the visit */
export const guestBlockPlace = (id: Uint8Array, size: number, block: number): Uint8Array =>
  bound('p2pchat/1 guest', id, size, block);

/** The `info` of what is handed in. */
export const guestDropPlace = (link: Uint8Array, visit: Uint8Array): Uint8Array => {
  const both = new Uint8Array(link.length + visit.length);
  both.set(link);
  both.set(visit, link.length);
  return bound('p2pchat/1 guest drop', both);
};

export const guestHeadPlace = (link: Uint8Array): Uint8Array => bound('p2pchat/1 guest head', link);

const NAME_BYTES = 200;

/** As much of a name as fits with the rest, with its ending. */
export function fittingName(name: string): string {
  if (encoder.encode(name).length <= NAME_BYTES) return name;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? '';
  const stem = [...name.slice(0, name.length - ending.length)];
  while (encoder.encode(`${stem.join('')}…${ending}`).length > NAME_BYTES) stem.pop();
  return `${stem.join('')}…${ending}`;
}

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
