import { totpSecretText, totpUri } from '../../crypto/totp.js';
import type { SecondFactorApi } from '../api/account.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { DirectoryClient } from '../network/directory-client.js';
import { confirmPassword } from './password.js';

export interface SecondFactorInit {
  readonly self: LocalDevice;
  client(): DirectoryClient;
}

/** The second factor as its owner sees it: kept and judged by the directory, which asks for it when a device is added. */
export function secondFactorOf({ self, client }: SecondFactorInit): SecondFactorApi {
  return {
    status: () => client().request('factor.status', {}),
    async begin(password) {
      await confirmPassword(client(), self, password);
      const { secret } = await client().request('factor.begin', {});
      return { uri: totpUri(secret, self.user), secret: totpSecretText(secret) };
    },
    confirm: async (code) => (await client().request('factor.confirm', { code })).codes,
    async renewCodes(password) {
      await confirmPassword(client(), self, password);
      return (await client().request('factor.codes', {})).codes;
    },
    async off(password) {
      await confirmPassword(client(), self, password);
      await client().request('factor.off', {});
    },
  };
}
