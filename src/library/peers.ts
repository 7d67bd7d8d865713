import type { Recovery } from '../peer/api/account.js';
import type { LoginPeer, NewAccount, OpenPeer, PeerApi, Whoami } from '../peer/api/peer.js';

/** What a program is composed of that runs a peer: this library, and bin/. What isn't used is not loaded. */

/** What is known of a folder's profile without its password. */
export interface KnownProfile extends Whoami {
  /** After a logout: the history is still there, and the device has no certificate. */
  readonly loggedOut?: boolean;
}

export const peers = {
  /** Opens the folder's profile and starts the peer. The directory needn't be there. */
  openPeer: async (init: OpenPeer): Promise<PeerApi> => (await import('../peer/session/open.js')).openPeer(init),

  /** The same; without a profile, or after a logout, logs in and makes this installation a device of the account. */
  loginPeer: async (init: LoginPeer): Promise<PeerApi> => (await import('../peer/session/open.js')).loginPeer(init),

  /** Makes the account and enrols this installation as its first device. */
  registerAccount: async (init: NewAccount) => (await import('../peer/account/register.js')).registerAccount(init),

  /** Sets a new password by the recovery phrase, and makes this installation a device of the account. */
  recoverAccount: async (init: Recovery) => (await import('../peer/account/recover.js')).recoverAccount(init),

  /** Undefined where there is no profile in the folder. */
  async profile(home: string): Promise<KnownProfile | undefined> {
    const profile = await (await import('../peer/storage/profile.js')).readProfile(home);
    if (profile === undefined) return undefined;
    const { user, device, directory, loggedOut = false } = profile;
    return { user, device, directory, home, loggedOut };
  },
};
