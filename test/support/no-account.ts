import type { AccountApi } from '../../src/peer/api/account.js';

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
    recoveryPhrase: never,
    checkRecoveryPhrase: never,
    devices: async () => [],
    revokeDevice: never,
  };
}
