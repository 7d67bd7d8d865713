import type { Random } from '../base/random.js';
import {
  encodeWords,
  GUEST_ACCESS,
  GUEST_FILE_KEY,
  GUEST_HEAD_KEY,
  type GuestWords,
  guestBlockPlace,
  guestHeadPlace,
} from '../wire/guest-seal.js';
import { GUEST_WORDS_BYTES } from '../wire/limits.js';
import { sealAead } from './aead.js';
import { sha256 } from './hash.js';
import { derive } from './kdf.js';

/** Links for guests at their maker: everything follows from the secret that stands behind the # of the link. */

/** What the directory keeps, and holds against the `access` of whoever comes. */
export const guestProof = (secret: Uint8Array): Uint8Array => sha256(derive(secret, GUEST_ACCESS));

export const guestFileKey = (secret: Uint8Array): Uint8Array => derive(secret, GUEST_FILE_KEY);

export const sealGuestWords = (secret: Uint8Array, link: Uint8Array, words: GuestWords, random: Random): Uint8Array =>
  sealAead(derive(secret, GUEST_HEAD_KEY), encodeWords(words, GUEST_WORDS_BYTES), guestHeadPlace(link), random);

/** Under which what is handed in lies: whoever chooses the id of a visit chooses nothing of others by it. */
export const dropId = (link: Uint8Array, visit: Uint8Array): Uint8Array => sha256(link, visit).subarray(0, 16);

/** @param id of the link */
export const sealGuestBlock = (
  key: Uint8Array,
  id: Uint8Array,
  size: number,
  block: number,
  plain: Uint8Array,
  random: Random,
): Uint8Array => sealAead(key, plain, guestBlockPlace(id, size, block), random);
