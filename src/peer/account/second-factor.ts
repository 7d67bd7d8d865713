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
export class SecondFactorService implements SecondFactorApi {
  readonly #init: SecondFactorInit;

  constructor(init: SecondFactorInit) {
    this.#init = init;
  }

  status() {
    return this.#init.client().request('factor.status', {});
  }

  async begin(password: string): Promise<{ uri: string; secret: string }> {
    const { self } = this.#init;
    const client = await this.#confirmed(password);
    const { secret } = await client.request('factor.begin', {});
    return { uri: totpUri(secret, self.user), secret: totpSecretText(secret) };
  }

  async confirm(code: string): Promise<readonly string[]> {
    return (await this.#init.client().request('factor.confirm', { code })).codes;
  }

  async renewCodes(password: string): Promise<readonly string[]> {
    return (await (await this.#confirmed(password)).request('factor.codes', {})).codes;
  }

  async off(password: string): Promise<void> {
    await (await this.#confirmed(password)).request('factor.off', {});
  }

  async #confirmed(password: string): Promise<DirectoryClient> {
    const { self, client } = this.#init;
    await confirmPassword(client(), self, password);
    return client();
  }
}
