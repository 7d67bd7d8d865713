import { sameBytes } from '../../base/bytes.js';
import { type Clock, timestamp } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import { identityOf, phraseOf } from '../../crypto/recovery.js';
import { openVault } from '../../crypto/vault.js';
import type { AccountApi, DeviceSummary, SecondFactorApi } from '../api/account.js';
import type { PeerEvent } from '../api/events.js';
import type { PairingsApi } from '../api/pairing.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { OwnDevices } from '../identity/own-devices.js';
import type { DirectoryClient } from '../network/directory-client.js';
import { requireProfile } from '../storage/profile.js';
import { confirmPassword } from './password.js';
import { PasswordGuard } from './password-guard.js';
import { SecondFactorService } from './second-factor.js';

export interface AccountServiceInit {
  readonly self: LocalDevice;
  readonly home: string;
  readonly clock: Clock;
  readonly ownDevices: OwnDevices;
  readonly pairings: PairingsApi;
  client(): DirectoryClient;
  emit(event: PeerEvent): void;
}

/** The account as its owner sees it. What gives something away or ends something takes the password once more. */
export class AccountService implements AccountApi {
  readonly #init: AccountServiceInit;
  readonly secondFactor: SecondFactorApi;
  readonly pairings: PairingsApi;

  constructor(init: AccountServiceInit) {
    this.#init = init;
    this.pairings = init.pairings;
    this.secondFactor = new SecondFactorService(init);
  }

  get recovery(): AccountApi['recovery'] {
    return this.#init.self.recovery;
  }

  async recoveryPhrase(password: string): Promise<string> {
    await this.#unlock(password);
    await this.#recovery('shown');
    return phraseOf(this.#init.self.identity);
  }

  async checkRecoveryPhrase(phrase: string): Promise<void> {
    const { self } = this.#init;
    if (!sameBytes(identityOf(phrase).publicKey, self.identity.publicKey)) {
      throw new Failure('recovery-other', `That is a recovery phrase, but not the one of ${self.user}.`);
    }
    await this.#recovery('checked');
  }

  async devices(): Promise<readonly DeviceSummary[]> {
    const { devices } = await this.#init.client().request('devices.list', {});
    return devices.map(({ addedAt, lastSeen, ...one }) => ({
      ...one,
      addedAt: timestamp(addedAt),
      lastSeen: timestamp(lastSeen),
      here: one.device === this.#init.self.device,
    }));
  }

  async revokeDevice(device: string, password: string): Promise<void> {
    const { self, client, ownDevices } = this.#init;
    if (device === self.device) {
      throw new Failure('device-here');
    }
    await confirmPassword(client(), self, password);
    await ownDevices.quietly(device, () => client().request('devices.revoke', { device }));
  }

  /** A wrong password counts here as it does where the profile is opened. */
  async #unlock(password: string): Promise<void> {
    const { self, home, clock } = this.#init;
    const guard = new PasswordGuard(home, clock);
    await guard.assertOpen();
    try {
      await openVault((await requireProfile(home)).vault, password);
      await guard.succeeded();
    } catch (error) {
      if (!hasCode(error, 'wrong-password')) throw error;
      await guard.failed(self.link, { user: self.user, password }, error);
    }
  }

  async #recovery(state: 'shown' | 'checked'): Promise<void> {
    const { self, emit } = this.#init;
    if (self.recovery !== 'checked') await self.learnRecovery(state);
    emit({ event: 'account', change: 'recovery', state });
  }
}
