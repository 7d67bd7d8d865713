import { Failure } from '../../base/errors.js';
import { sealIdentityBackup } from '../../crypto/identity.js';
import type { SigningKey } from '../../crypto/keys.js';
import { finishRegistration, startRegistration } from '../../crypto/login.js';
import { assertPassword } from '../../crypto/password.js';
import { identityOf, openByRecovery, signRecovery } from '../../crypto/recovery.js';
import { enrolExporter } from '../../crypto/tls.js';
import { wrapVault } from '../../crypto/vault.js';
import { parseLink } from '../../wire/link.js';
import { foldName, parseUserName } from '../../wire/names.js';
import type { Recovery } from '../api/account.js';
import type { Enrolled } from '../api/peers.js';
import { type Profile, readProfile, writeProfile } from '../storage/profile.js';
import { withEnrolChannel } from './enrol-channel.js';
import { assertFree, enrol, type Means, SYSTEM } from './register.js';

/**
 * Gets back into an account by its recovery phrase: sets a new password at the directory, and makes this installation a
 * device of the account. A profile that is here already, such as one from a backup, opens with the new password from
 * then on, its history with it.
 * @throws Failure usage 'phrase-invalid', 'password-weak', 'profile-taken'; credentials 'wrong-recovery'; trust
 *   'recovery-other' where the profile here is not of that identity; unreachable
 */
export async function recoverAccount(init: Recovery, means: Means = SYSTEM): Promise<Enrolled> {
  const { name: user } = parseUserName(init.user);
  const link = parseLink(init.directory);
  const identity = identityOf(init.phrase);
  await assertPassword(init.password, [user, link.host]);
  await assertFree(init.home, user);
  const profile = await readProfile(init.home);
  const vaultKey = profile && vaultKeyOf(profile, identity);
  return withEnrolChannel(link, means.clock, async (channel) => {
    const account = { directoryId: channel.trust.directoryId, folded: foldName(user) };
    const pending = await startRegistration(init.password);
    const proof = signRecovery(identity, account, enrolExporter(channel.socket), pending.request);
    const { response } = await channel.request('recover.start', { user, request: pending.request, proof });
    const { record, exportKey } = await finishRegistration(pending, { account, password: init.password, response });
    const backup = sealIdentityBackup(identity, account, exportKey, means.random);
    await channel.request('recover.finish', { record, backup });
    // From here on only the new password works at the directory; should this end now, the same again is right.
    if (profile && vaultKey) {
      const { file } = await wrapVault(vaultKey, init.password, means.random);
      await writeProfile(init.home, { ...profile, vault: file });
    }
    return enrol(channel, link, { ...init, user }, means, identity);
  });
}

/** Tried before the directory is asked: a profile that would stay closed must not get a device of its own. */
function vaultKeyOf({ recovery, user }: Profile, identity: SigningKey): Uint8Array {
  const key = recovery && openByRecovery(recovery, identity);
  if (key !== undefined) return key;
  throw new Failure('recovery-other', `These words do not open the profile of ${user} in this folder.`, {
    hint: 'Check each word. To leave that profile alone, set P2PCHAT_HOME to another folder and do it there.',
  });
}
