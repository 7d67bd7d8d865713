import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { sealIdentityBackup } from '../../crypto/identity.js';
import type { SigningKey } from '../../crypto/keys.js';
import { finishLogin, finishRegistration, startLogin, startRegistration } from '../../crypto/login.js';
import { assertPassword } from '../../crypto/password.js';
import { openByRecovery } from '../../crypto/recovery.js';
import { openVault, wrapVault } from '../../crypto/vault.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { DirectoryClient } from '../network/directory-client.js';
import { requireProfile, writeProfile } from '../storage/profile.js';

/** Proves the password to the directory once more, for what a device alone may not do. */
export async function confirmPassword(
  client: DirectoryClient,
  self: LocalDevice,
  password: string | undefined,
): Promise<void> {
  if (password === undefined) throw new Failure('password-needed');
  const pending = await startLogin(password);
  const { login, response } = await client.request('login.start', { user: self.user, request: pending.request });
  const { message } = await finishLogin(pending, { account: self.account, password, response });
  await client.request('login.finish', { login, finish: message });
}

/**
 * A new password, at the directory and for this profile. The directory comes first: if it refuses, nothing has changed,
 * and if this program dies between the two, the profile still opens with the old one.
 * @throws Failure credentials, usage 'password-weak', unreachable
 */
export async function changePassword(
  client: DirectoryClient,
  self: LocalDevice,
  home: string,
  { current, next, random }: { readonly current: string; readonly next: string; readonly random: Random },
): Promise<void> {
  const profile = await requireProfile(home);
  const { key } = await openVault(profile.vault, current);
  await assertPassword(next, [self.user, self.link.host]);
  await confirmPassword(client, self, current);
  const { account } = self;
  const pending = await startRegistration(next);
  const { response } = await client.request('password.start', { request: pending.request });
  const { record, exportKey } = await finishRegistration(pending, { account, password: next, response });
  const backup = sealIdentityBackup(self.identity, account, exportKey, random);
  await client.request('password.finish', { record, backup });
  const { file } = await wrapVault(key, next, random);
  await writeProfile(home, { ...profile, vault: file });
}

/**
 * The account's password was changed on another device: from now on the new one opens this profile, its history with it.
 * @returns the key of its vault
 * @throws Failure trust 'identity-other' where the directory's account is not the profile's
 */
export async function adoptPassword(
  home: string,
  identity: SigningKey,
  password: string,
  random: Random,
): Promise<Uint8Array> {
  const profile = await requireProfile(home);
  const key = profile.recovery && openByRecovery(profile.recovery, identity);
  if (key === undefined) {
    throw new Failure('identity-other');
  }
  const { file } = await wrapVault(key, password, random);
  await writeProfile(home, { ...profile, vault: file });
  return key;
}
