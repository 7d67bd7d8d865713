import type { Peers } from '../api/peers.js';

/** What a program is composed of that runs a peer. What isn't used is not loaded. */
export const peers: Peers = {
  openPeer: async (init) => (await import('./open.js')).openPeer(init),
  loginPeer: async (init) => (await import('./open.js')).loginPeer(init),
  registerAccount: async (init) => (await import('../account/register.js')).registerAccount(init),
  recoverAccount: async (init) => (await import('../account/recover.js')).recoverAccount(init),
  joinByCode: async (init, signUp) => (await import('../account/join-by-code.js')).joinByCode(init, signUp),
  enrolByCode: async (init) => (await import('../account/enrol-by-code.js')).enrolByCode(init),
  openBackup: async (path, ask) => (await import('./restore.js')).openBackup(path, ask),

  verifyExport: async (path, fingerprint) => (await import('../backup/read-export.js')).verifyExport(path, fingerprint),

  async profile(home) {
    const profile = await (await import('../storage/profile.js')).readProfile(home);
    if (profile === undefined) return undefined;
    const { user, device, directory, loggedOut = false } = profile;
    return { user, device, directory, home, loggedOut };
  },
};
