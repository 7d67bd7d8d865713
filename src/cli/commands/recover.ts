import { toFailure } from '../../base/errors.js';
import { historyWish } from '../../commands/duration.js';
import type { Whoami } from '../../peer/api/peer.js';
import { nameOf } from '../name.js';
import { neededDirectory, type PeerOptions } from '../options.js';
import { canAsk, newPassword, password } from '../password.js';
import type { Shell } from '../shell.js';

export interface RecoverOptions extends PeerOptions {
  readonly name?: string | undefined;
  readonly 'phrase-file'?: string | undefined;
  readonly history?: string | undefined;
}

/** What a person may have mistyped, and types again. */
const AGAIN = ['phrase-invalid', 'wrong-recovery', 'recovery-other', 'password-weak', 'password-empty'];

/**
 * Gets back in by the recovery phrase: a new password for the account, and this installation a device of it. Asks again
 * for what was refused wherever a person is there to answer.
 */
export async function recover(
  shell: Shell,
  options: RecoverOptions,
  profile: Whoami | undefined,
): Promise<{ readonly user: string; readonly password: string }> {
  const { recoverAccount } = await shell.parts.peer();
  const directory = neededDirectory(shell, options, profile);
  const user = await nameOf(shell, options.name, profile);
  const phrase = { file: options['phrase-file'], prompt: 'Recovery phrase', option: 'phrase-file', whole: true };
  const secret = { file: options['password-file'], prompt: 'New password' };
  for (let words: string | undefined; ; ) {
    try {
      words ??= await password(shell, phrase);
      const next = await newPassword(shell, secret);
      const { device, role } = await recoverAccount({
        home: shell.home,
        directory,
        user,
        phrase: words,
        password: next,
        ...(options.history !== undefined && { history: historyWish(options.history) }),
      });
      shell.output.say({ event: 'recovered', user, device, directory, role }, [
        `Welcome back, ${user}. Your password is a new one, on every device that logs in from now on.`,
        'A lost device? See: device list, device revoke.',
      ]);
      return { user, password: next };
    } catch (error) {
      const failure = toFailure(error);
      const asks = canAsk(shell, phrase) && canAsk(shell, secret);
      if (!asks || !AGAIN.includes(failure.code)) throw failure;
      shell.output.failure(failure);
      if (!failure.code.startsWith('password-')) words = undefined;
    }
  }
}
