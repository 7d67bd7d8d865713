import type { AccountApi } from '../../src/peer/api/account.js';
import type { BackupsApi } from '../../src/peer/api/backup.js';
import type { HandOverApi } from '../../src/peer/api/hand-over.js';

/** Of a peer that has nothing to do with its account. */
export function noAccount(): AccountApi {
  const never = async (): Promise<never> => {
    throw new Error('this peer has no account');
  };
  return {
    recovery: 'unseen',
    secondFactor: {
      status: async () => ({ state: 'off', codes: 0, required: false }),
      begin: never,
      confirm: never,
      renewCodes: never,
      off: never,
    },
    pairings: { addDevice: never, invite: never },
    recoveryPhrase: never,
    checkRecoveryPhrase: never,
    devices: async () => [],
    revokeDevice: never,
  };
}

/** Of a peer that nobody backs up. */
export const noBackups: BackupsApi = {
  write: () => Promise.reject(new Error('this peer has no backups')),
  import: () => Promise.reject(new Error('this peer has no backups')),
  async *exportSigned() {
    yield* [];
  },
};

/** Of a peer whose account has no other device. */
export const noHandOver: HandOverApi = {
  wish: async () => undefined,
  want: async () => {},
  allow: () => Promise.reject(new Error('this peer has no other device')),
  consents: async () => [],
  heed: () => {},
};
