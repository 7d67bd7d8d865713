import { fingerprint, safetyNumber } from '../../crypto/safety.js';
import { foldName } from '../../wire/names.js';
import type { Verification } from '../api/peer.js';
import type { Core } from '../session/core.js';
import type { ContactRow } from '../storage/tables.js';
import type { LocalDevice } from './local-device.js';

export interface VerificationServiceInit {
  readonly self: LocalDevice;
  readonly core: Pick<Core, 'contacts' | 'messenger' | 'direct'>;
}

/** Whose key is whose: safety numbers, and what two people who compared them say. */
export class VerificationService {
  readonly #init: VerificationServiceInit;

  constructor(init: VerificationServiceInit) {
    this.#init = init;
  }

  async of(user: string): Promise<Verification> {
    return this.#shown(await this.#init.core.contacts.current(user));
  }

  async confirm(user: string): Promise<Verification> {
    return this.#shown(await this.#init.core.contacts.verify(user));
  }

  /** What waited for a changed identity goes on, in a conversation that begins anew. */
  async accept(user: string): Promise<Verification> {
    const { contacts, messenger, direct } = this.#init.core;
    const row = await contacts.accept(user);
    await messenger.enqueue(row.user, () => direct.abandon(row.user));
    messenger.flush(row.user);
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
