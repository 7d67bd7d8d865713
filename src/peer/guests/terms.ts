import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { guestProof, sealGuestWords } from '../../crypto/guest-links.js';
import { fittingName } from '../../wire/guest-seal.js';
import { DEPOSIT_BLOCK_BYTES, DEPOSIT_BLOCKS, GUEST_COUNT } from '../../wire/limits.js';
import { cleanLine } from '../../wire/text.js';
import type { GuestRow } from '../storage/guest-row.js';

export const DEFAULT_COUNT = 10;
export const DEFAULT_SECONDS = 7 * 86_400;
export const DEFAULT_SIZE = 1_000_000_000;

/** As guests see it. */
export const fitting = (name: string): string => fittingName(cleanLine(name));

/** What each new link says. */
export function termsOf({ id, name, secret, count, lasts }: GuestRow, user: string, random: Random) {
  const words = { name: fitting(name), from: user };
  return { link: id, head: sealGuestWords(secret, id, words, random), proof: guestProof(secret), count, lasts };
}

/** @throws Failure usage 'argument-invalid' */
export function assertTerms(count: number, seconds: number, size = 0): void {
  if (count > GUEST_COUNT)
    throw new Failure('argument-invalid', `count: a link may be used ${GUEST_COUNT} times at most.`, {
      hint: `Give a number from 1 to ${GUEST_COUNT}.`,
    });
  if (seconds <= 0)
    throw new Failure('argument-invalid', 'for: a link has to live for a while.', { hint: 'Write 1h or 7d.' });
  if (size > DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES)
    throw new Failure('argument-invalid', 'size: a file that is handed in has 64 GiB at most.', {
      hint: 'Give a smaller one, such as 1GB.',
    });
}
