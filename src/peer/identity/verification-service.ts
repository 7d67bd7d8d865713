import { fingerprint, safetyNumber } from '../../crypto/safety.js';
import { foldName } from '../../wire/names.js';
import type { Verification } from '../api/peer.js';
import type { ContactRow } from '../storage/tables.js';
import type { Contacts } from './contacts.js';
import type { LocalDevice } from './local-device.js';

export interface VerificationServiceInit {
  readonly self: LocalDevice;
  readonly contacts: Contacts;
  /** The conversation begins anew, and what waited for a changed identity goes on. */
  onAccepted(user: string): Promise<void>;
}

/** Whose key is whose: safety numbers, and what two people who compared them say. */
export class VerificationService {
  readonly #init: VerificationServiceInit;

  constructor(init: VerificationServiceInit) {
    this.#init = init;
  }

  async of(user: string): Promise<Verification> {
    return this.#shown(await this.#init.contacts.current(user));
  }

  async confirm(user: string): Promise<Verification> {
    return this.#shown(await this.#init.contacts.verify(user));
  }

  async accept(user: string): Promise<Verification> {
    const row = await this.#init.contacts.accept(user);
    await this.#init.onAccepted(row.user);
    return this.#shown(row);
  }

  #shown(row: ContactRow): Verification {
    const { user, identity, anchor } = this.#init.self;
    const { directoryId } = anchor.trust;
    const key = row.trust === 'changed' ? row.offeredKey! : row.identityKey;
    return {
      user: row.user,
      trust: row.trust,
      fingerprint: fingerprint(key),
      safetyNumber: safetyNumber(
        { directoryId, folded: foldName(user), identityKey: identity.publicKey },
        { directoryId, folded: foldName(row.user), identityKey: key },
      ),
    };
  }
}
