import type { Clock } from '../../base/clock.js';
import { type Code, Failure, hasCode, toFailure } from '../../base/errors.js';
import type { LocalDevice } from '../identity/local-device.js';
import { reenter } from './register.js';

/** What the directory refuses a device for after it was away for long: its certificate ended while nothing renewed it. */
export const AWAY_TOO_LONG: readonly Code[] = ['certificate-expired'];
/** And what else a login mends, where a person asks for one: the device was shut out, or logged out from elsewhere. */
export const LOGIN_MENDS: readonly Code[] = [...AWAY_TOO_LONG, 'certificate-revoked'];

/** The row with its keys could not be read: it becomes another device of the account. */
export const LOST_KEYS = 'profile-damaged';

/** It is a copy of a profile that has gone on since: it becomes another device of the account. */
export const COPIED = 'profile-copied';

/** What others can bring about by guessing at the name. */
const BARRED: readonly Code[] = ['name-blocked', 'too-many-logins'];

/**
 * Opens the profile; where the directory does not take its certificate any more, for one of `reasons`, makes the device
 * one of the account again and opens once more; for each of them once.
 * @param open throws what it was refused for, where that is one of the reasons it is given
 * @throws Failure as `open` and `enrol` do
 */
export async function reauthenticating<T>(
  reasons: readonly Code[],
  open: (reasons: readonly Code[]) => Promise<T>,
  enrol: (refusal: Code) => Promise<unknown>,
): Promise<T> {
  try {
    return await open(reasons);
  } catch (error) {
    const refusal = reasons.find((code) => hasCode(error, code));
    if (refusal === undefined) throw error;
    await enrol(refusal).catch((why: unknown) => {
      if (hasCode(why, 'wrong-credentials')) throw changedElsewhere();
      // The directory is gone meanwhile, or its own certificate is what is past, or strangers keep the name blocked: what is
      // kept here opens all the same.
      const isBarred = AWAY_TOO_LONG.includes(refusal) && BARRED.some((code) => hasCode(why, code));
      if (toFailure(why).reason !== 'unreachable' && !hasCode(why, refusal) && !isBarred) throw why;
    });
    // A copy that was not used for long is refused for both.
    return reauthenticating(
      reasons.filter((code) => code !== refusal),
      open,
      enrol,
    );
  }
}

/**
 * For a program that runs on while its certificate ends: the same, by the password it was started with.
 * @throws Failure trust 'certificate-expired', where only a person can get it another one
 */
export async function reenterByPassword(self: LocalDevice, password: string, clock: Clock): Promise<void> {
  try {
    await reenter(self, { user: self.user, password }, clock);
  } catch (error) {
    const { code, reason } = toFailure(error);
    if (reason !== 'credentials') throw error;
    const why =
      code === 'wrong-credentials'
        ? "the password it was started with is not the account's any more"
        : 'the account has a second factor';
    throw new Failure(
      'certificate-expired',
      `This device was away for longer than its certificate lives, and ${why}.`,
      {
        hint: `Log in again: p2pchat login ${self.user}`,
        cause: error,
      },
    );
  }
}

const changedElsewhere = (): Failure => new Failure('password-elsewhere');
