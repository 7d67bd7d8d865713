import { Secret, TOTP } from 'otpauth';
import type { Random } from '../base/random.js';
import { FACTOR_CODE_DIGITS, FACTOR_SECRET_BYTES, FACTOR_STEP_MS, FACTOR_WINDOW } from '../wire/limits.js';

/** Codes from an authenticator app: TOTP (RFC 6238) with what every app takes for granted, SHA-1, 6 digits, 30 seconds. */

const ISSUER = 'p2pchat';

const SHAPE = { algorithm: 'SHA1', digits: FACTOR_CODE_DIGITS, period: FACTOR_STEP_MS / 1000 } as const;

const DIGITS = new RegExp(`^\\d{${FACTOR_CODE_DIGITS}}$`);
const DECIMAL = /\p{Nd}/u;

/**
 * The digits of a code as it was typed, whatever keyboard typed it: spaces out, decimal digits of all scripts as ASCII
 * (Unicode lays each script's out from zero to nine).
 */
export const codeDigits = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\s/g, '')
    .replace(/\p{Nd}/gu, (digit) => {
      let zero = digit.codePointAt(0)!;
      const own = zero;
      while (DECIMAL.test(String.fromCodePoint(zero - 1))) zero--;
      return String((own - zero) % 10);
    });

/** Whether it has the form of a code, in ASCII: the library throws at what is as long and has more bytes. */
export const isTotpCode = (text: string): boolean => DIGITS.test(text);

/** Of its own memory: the library takes the whole buffer that a view looks into. */
const secretOf = (secret: Uint8Array): Secret => new Secret({ buffer: Uint8Array.from(secret).buffer });

export const newTotpSecret = (random: Random): Uint8Array => random.bytes(FACTOR_SECRET_BYTES);

/** Base32, 32 characters: what a person types where the app can't see the QR code. */
export const totpSecretText = (secret: Uint8Array): string => secretOf(secret).base32;

/** What the QR code says. User names need no escaping; what an app takes for granted is left out, for a smaller code. */
export const totpUri = (secret: Uint8Array, user: string): string =>
  `otpauth://totp/${ISSUER}:${user}?secret=${totpSecretText(secret)}`;

/**
 * The step whose code this is, if it is one of those around `now`: clocks of telephones are off by some seconds.
 * Compared in constant time.
 */
export function totpStep(secret: Uint8Array, code: string, now: number): number | undefined {
  if (!isTotpCode(code)) return undefined;
  const settings = { ...SHAPE, secret: secretOf(secret), timestamp: now, window: FACTOR_WINDOW };
  const delta = TOTP.validate({ ...settings, token: code });
  return delta === null ? undefined : Math.floor(now / FACTOR_STEP_MS) + delta;
}
