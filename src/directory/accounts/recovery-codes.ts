import { timingSafeEqual } from 'node:crypto';
import { utf8 } from '../../base/bytes.js';
import { type Random, randomBelow } from '../../base/random.js';
import { hmac } from '../../crypto/kdf.js';
import { codeDigits } from '../../crypto/totp.js';
import { FACTOR_RECOVERY_CODES } from '../../wire/limits.js';

/** Crockford's base 32, without the letters that are taken for digits; ten of them are 50 bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 10;

/** `f3k9q-0tz7m`: what a person writes down. */
function newCode(random: Random): string {
  const characters = Array.from({ length: LENGTH }, () => ALPHABET[randomBelow(random, ALPHABET.length)]);
  return `${characters.slice(0, LENGTH / 2).join('')}-${characters.slice(LENGTH / 2).join('')}`;
}

export const newRecoveryCodes = (random: Random): string[] =>
  Array.from({ length: FACTOR_RECOVERY_CODES }, () => newCode(random));

/** As it was meant: however it is spaced and written, and with a letter in place of the digit it looks like. */
const meant = (code: string): string =>
  codeDigits(code).toLowerCase().replaceAll('-', '').replace(/[il]/g, '1').replaceAll('o', '0');

/** What is stored of a code: nothing that could be tried without the key. */
export const hashRecoveryCode = (key: Uint8Array, code: string): Uint8Array => hmac(key, utf8(meant(code)));

/** The hashes without that of `code`; undefined where it is not among them. */
export function withoutCode(hashes: readonly Uint8Array[], hash: Uint8Array): Uint8Array[] | undefined {
  const left = hashes.filter((one) => !timingSafeEqual(one, hash));
  return left.length === hashes.length ? undefined : left;
}
