import { type Code, Failure, hasCode, toFailure } from '../../base/errors.js';
import { type NewAccount, wantsAnotherName } from '../../peer/api/account.js';
import type { Registered as NewlyRegistered } from '../../peer/api/peers.js';
import { parseUserName } from '../../wire/names.js';
import { neededDirectory, type PeerOptions, withPassword } from '../options.js';
import { canAsk, newPassword } from '../password.js';
import type { Shell } from '../shell.js';

export interface RegisterOptions extends PeerOptions {
  readonly name?: string | undefined;
  readonly invite?: string | undefined;
  readonly email?: string | undefined;
}

const ANOTHER_PASSWORD: readonly Code[] = ['password-weak', 'password-empty'];

const wantsAnotherPassword = (failure: Failure): boolean => ANOTHER_PASSWORD.some((code) => hasCode(failure, code));

async function askName(shell: Shell): Promise<string> {
  const name = await shell.input().line('User name: ');
  if (name === undefined) throw new Failure('name-needed', 'A name is needed.');
  return name.trim();
}

/** What was registered, and the password it was registered with. */
export interface Registered extends NewlyRegistered {
  readonly password: string;
}

/**
 * Registers, asking again for what was refused wherever a person is there to answer.
 * @throws Failure what cannot be mended by another answer, or on the first refusal where nobody can be asked
 */
export async function signUp(shell: Shell, options: RegisterOptions): Promise<Registered> {
  const { registerAccount, profile } = await shell.parts.peer();
  const directory = neededDirectory(shell, options, await profile(shell.home));
  const asks = canAsk(shell, { file: options['password-file'] });
  let name = options.name;
  let secret: string | undefined;
  for (;;) {
    try {
      name ??= await askName(shell);
      const user = parseUserName(name).name;
      secret ??= await newPassword(shell, { file: options['password-file'], prompt: 'New password' });
      const account: NewAccount = {
        home: shell.home,
        directory,
        user,
        password: secret,
        ...(options.invite !== undefined && { invite: options.invite }),
        ...(options.email !== undefined && { email: options.email }),
      };
      return { ...(await registerAccount(account)), password: secret };
    } catch (error) {
      const failure = toFailure(error);
      if (!asks || !(wantsAnotherName(failure) || wantsAnotherPassword(failure))) throw failure;
      shell.output.failure(failure);
      if (wantsAnotherName(failure)) name = undefined;
      else secret = undefined;
    }
  }
}

export async function register(shell: Shell, options: RegisterOptions): Promise<void> {
  const { user, device, role, password: secret } = await signUp(shell, options);
  const { openPeer, profile } = await shell.parts.peer();
  // Its first session publishes the keys by which others can write to it while it is away.
  const peer = await openPeer(withPassword(shell, {}, secret));
  await peer.close();
  const directory = (await profile(shell.home))?.directory ?? '';
  shell.output.say({ event: 'registered', user, device, directory, role }, [
    `'${user}' is registered, with the role ${role}.`,
    'Next: p2pchat login',
  ]);
}
