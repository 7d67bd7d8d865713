import { type Code, Failure, hasCode } from '../../base/errors.js';
import { Scope } from '../../base/scope.js';
import { openVault } from '../../crypto/vault.js';
import { prepareTransfers } from '../../transfer/thread/prepare-thread.js';
import { parseLink } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import { adoptPassword } from '../account/password.js';
import { PasswordGuard } from '../account/password-guard.js';
import { AWAY_TOO_LONG, COPIED, LOGIN_MENDS, LOST_KEYS, reauthenticating } from '../account/reauthenticate.js';
import { enrolDevice, type Means, SYSTEM } from '../account/register.js';
import type { LoginPeer, OpenPeer } from '../api/account.js';
import type { PeerApi } from '../api/peer.js';
import type { Enrolled } from '../api/peers.js';
import { type Profile, readProfile, requireProfile, writeProfile } from '../storage/profile.js';

/**
 * Opens the profile with its password and starts the peer. The directory needn't be there. A device whose certificate has
 * expired, because it was away for so long, gets a new one by that password.
 * @throws Failure credentials 'not-logged-in', 'wrong-password', 'second-factor-needed'; blocked; storage 'store-in-use';
 *   usage 'port-busy'
 */
export async function openPeer(init: OpenPeer, means: Means = SYSTEM): Promise<PeerApi> {
  const profile = await requireProfile(init.home);
  const found: Failure[] = [];
  return reauthenticating(
    [...AWAY_TOO_LONG, LOST_KEYS, COPIED],
    (reasons) => open(init, means, reasons, found),
    (refusal) => enrolAgain(init, profile, { means, refusal, found }),
  );
}

/** @param reasons what is thrown, where the directory refuses the device for it */
async function open(init: LoginPeer, means: Means, reasons: readonly Code[], found: Failure[]): Promise<PeerApi> {
  const before = await requireProfile(init.home);
  const profile = relink(before, init.directory);
  const key = await unlock(init, profile, means);
  const scope = new Scope();
  try {
    const { startPeer } = await import('./compose.js');
    const peer = await startPeer(init, { profile, key, scope, ...means, reasons, found });
    // An address where the directory was found is remembered; one that was mistyped is not.
    if (profile.directory !== before.directory && peer.directoryState === 'online') {
      await writeProfile(init.home, { ...(await requireProfile(init.home)), directory: profile.directory });
    }
    return peer;
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Logs in on this installation: a new device, or again after a logout, or after a long time; then opens the peer. */
export async function loginPeer(init: LoginPeer, means: Means = SYSTEM): Promise<PeerApi> {
  const profile = await readProfile(init.home);
  const found: Failure[] = [];
  if (profile && !profile.loggedOut) {
    assertOwner(profile, init.user);
    return reauthenticating(
      [...(init.rejoin ? LOGIN_MENDS : AWAY_TOO_LONG), LOST_KEYS, COPIED],
      (reasons) => open(init, means, reasons, found),
      (refusal) => enrolAgain(init, profile, { means, refusal, found }),
    );
  }
  await enrolHere(init, profile, means);
  return open(init, means, [], found);
}

interface Again {
  readonly means: Means;
  readonly refusal: Code;
  readonly found: Failure[];
}

/** As the device it was, unless this is a copy of that: then as another one, which is told. */
async function enrolAgain(init: LoginPeer, profile: Profile, { means, refusal, found }: Again): Promise<void> {
  const isCopy = refusal === COPIED;
  const { device } = await enrolHere(init, profile, means, isCopy);
  if (isCopy) found.push(becameAnother(profile.device, device));
}

const becameAnother = (before: string, now: string): Failure =>
  new Failure(
    COPIED,
    `This profile was a copy of your device ${before}, which has gone on since. Here it is ${now} now.`,
    {
      hint:
        `What came since the copy was made is fetched from rooms, and from your other devices once it is allowed there: ` +
        `p2pchat device allow ${now}. If ${before} is gone for good, shut it out: p2pchat device revoke ${before}. What waits for it comes here then.`,
    },
  );

async function enrolHere(
  init: LoginPeer,
  profile: Profile | undefined,
  means: Means,
  isCopy = false,
): Promise<Enrolled> {
  const user = init.user ?? profile?.user;
  const directory = init.directory ?? profile?.directory;
  if (user === undefined || directory === undefined) {
    throw new Failure('login-incomplete', 'a first login needs a name and the directory', {
      hint: 'Run: p2pchat login NAME --directory p2pchat://HOST:PORT#FINGERPRINT',
    });
  }
  const { home, password, code, askCode, history } = init;
  return enrolDevice(
    {
      ...{ home, password, directory, user, isCopy },
      ...(history !== undefined && { history }),
      ...(code !== undefined && { code }),
      ...(askCode !== undefined && { askCode }),
    },
    means,
  );
}

function assertOwner(profile: Profile, user: string | undefined): void {
  if (user === undefined || foldName(user) === foldName(profile.user)) return;
  throw new Failure('profile-taken', `this installation belongs to ${profile.user}`, {
    hint: `Log in with: p2pchat login ${profile.user}. For another account set P2PCHAT_HOME to another folder.`,
  });
}

/** Another address for the same directory. @throws Failure trust 'directory-changed' */
function relink(profile: Profile, directory: string | undefined): Profile {
  if (directory === undefined) return profile;
  if (parseLink(directory).fingerprint === parseLink(profile.directory).fingerprint) return { ...profile, directory };
  throw new Failure('directory-changed');
}

async function unlock(init: LoginPeer, profile: Profile, { clock, random }: Means): Promise<Uint8Array> {
  const { home, password, vaultKey } = init;
  if (vaultKey !== undefined) return vaultKey;
  const guard = new PasswordGuard(home, clock);
  await guard.assertOpen();
  try {
    if (init.transfers === true) prepareTransfers();
    // Stretching the password keeps another thread busy for about as long as this one needs to load what comes next.
    const [{ key }] = await Promise.all([openVault(profile.vault, password), import('./compose.js')]);
    await guard.succeeded();
    return key;
  } catch (error) {
    if (!hasCode(error, 'wrong-password')) throw error;
    const identity = await guard.failed(parseLink(profile.directory), { ...init, user: profile.user }, error);
    return adoptPassword(home, identity, password, random);
  }
}
