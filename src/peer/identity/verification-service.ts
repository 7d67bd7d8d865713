import { fingerprint, safetyNumber } from '../../crypto/safety.js';
import { foldName } from '../../wire/names.js';
import type { Verification } from '../api/peer.js';
import type { ContactRow } from '../storage/tables.js';
import type { Contacts } from './contacts.js';
import type { LocalDevice } from './local-device.js';

export interface VerificationServiceInit {
  readonly self: LocalDevice;
  readonly contacts: Contacts;
  /** What was written to the former identity is given up, and the conversation begins anew, before another one is pinned. */
  giveUpFormer(user: string): Promise<void>;
}

/** Whose key is whose: safety numbers, and what two people who compared them say. */
export class VerificationService {
  readonly #init: VerificationServiceInit;

  constructor(init: VerificationServiceInit) {
    this.#init = init;
  }

  async of(user: string): Promise<Verification> {
    const row = await this.#init.contacts.current(user);
    await this.#init.contacts.shown(row);
    return this.#shown(row);
  }

  async confirm(user: string): Promise<Verification> {
    return this.#shown(await this.#init.contacts.verify(user));
  }

  /** @param shown the safety number that the person compared; without, what was last shown here is what is accepted */
  async accept(user: string, shown?: string): Promise<Verification> {
    const digits = shown?.replace(/\D/g, '');
    const isMeant = (key: Uint8Array): boolean => this.#number(foldName(user), key).replace(/\D/g, '') === digits;
    const { contacts, giveUpFormer } = this.#init;
    const row = await contacts.accept(user, digits === undefined ? undefined : isMeant, giveUpFormer);
    return this.#shown(row ?? (await contacts.current(user)));
  }

  #number(folded: string, key: Uint8Array): string {
    const { user, identity, anchor } = this.#init.self;
    const { directoryId } = anchor.trust;
    return safetyNumber(
      { directoryId, folded: foldName(user), identityKey: identity.publicKey },
      { directoryId, folded, identityKey: key },
    );
  }

  #shown(row: ContactRow): Verification {
    const key = row.trust === 'changed' ? row.offeredKey! : row.identityKey;
    return {
      user: row.user,
      trust: row.trust,
      fingerprint: fingerprint(key),
      safetyNumber: this.#number(foldName(row.user), key),
    };
  }
}
